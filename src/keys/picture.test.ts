import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesFromHex } from './hex.ts';
import { drawKey } from './picture.ts';

function draw(digits: string, unicode = false): string | undefined {
  return drawKey(Buffer.from(digits), { unicode })?.toString('latin1');
}

describe('hex', () => {
  test.each([
    ['', ''],
    ['0', ''],
    ['011', '01'],
    ['0aFf', '0aff'],
    ['zz', '00'],
    ['1z22', '1000'],
    ['0x0110', '000000'],
    ['01 02', '0100'],
  ])('%j is read as %j', (digits, bytes) => {
    expect(bytesFromHex(Buffer.from(digits)).toString('hex')).toBe(bytes);
  });
});

describe('the picture of a key', () => {
  test('names the parts above the digits', () => {
    expect(draw('0110766572000112000000000000000a11000000000000000b')).toBe(
      [
        '/--------------------------------- 0. key space: 1',
        '| /------------------------------- 1. ver',
        '| |           /------------------- 2. 10',
        '| |           |                 /- 3. -11',
        '| |           |                 | ',
        'v v           v                 v ',
        '0110766572000112000000000000000a11000000000000000b',
        '',
      ].join('\n'),
    );
  });

  test('has the same shape with lines of Unicode', () => {
    const digits = '0110766572000112000000000000000a';
    const unicode = drawKey(Buffer.from(digits), { unicode: true })?.toString('utf8') ?? '';
    const names: Record<string, string> = { '┌': '/', '─': '-', '│': '|', '▼': 'v' };
    expect(unicode.replace(/[┌─│▼]/g, (stroke) => names[stroke] ?? '')).toBe(draw(digits));
    expect(unicode).toContain('┌─ 2. 10\n');
  });

  test('shows a key of nothing but its space', () => {
    expect(draw('01')).toBe('/- 0. key space: 1\n| \nv \n01\n');
    expect(draw('ff'), 'as a signed byte').toContain('key space: -1');
    expect(draw('zz')).toBe('/- 0. key space: 0\n| \nv \nzz\n');
  });

  test('repeats the digits as they were sent', () => {
    expect(draw('01106A0001')).toMatch(/\n01106A0001\n$/);
    expect(draw('01106a00011')).toMatch(/1\. j\n.*\n.*\n01106a00011\n$/);
  });

  test('writes text byte for byte', () => {
    expect(draw('0110aa0001')).toContain(' 1. \xaa\n');
    expect(draw('011061ff00ff620001')).toContain(' 1. a\xff\0b\n');
    expect(draw('01100a0001')).toContain(' 1. \n\n');
  });

  test.each(['', '0', '0120', '0110696e7374', '0110610002', '011200', '0x0110aa0001', 'zzzz'])(
    '%j is no key',
    (digits) => {
      expect(draw(digits)).toBeUndefined();
    },
  );

  test('is not drawn for what would be too large to be a key', () => {
    const part = '100001';
    expect(draw(`01${part.repeat(256)}`)).toBeDefined();
    expect(draw(`01${part.repeat(257)}`)).toBeUndefined();
    expect(draw(`0110${'61'.repeat(10_000)}0001`)).toBeUndefined();
  });

  test('never throws', () => {
    const part = fc.oneof(
      fc.constantFrom('100001', '12000000000000000a', '118000000000000000', '1000ff0001', '10', '00', 'z'),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, unicode) => {
        drawKey(Buffer.from(`01${parts.join('')}`), { unicode });
      }),
      { verbose: true, numRuns: 2000 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Int64, KeyWriter, parseKeyParts } from './codec.ts';

type Part = bigint | Uint8Array;

const writer = new KeyWriter();

function encode(...parts: readonly (Int64 | string | Uint8Array)[]): Buffer {
  writer.start();
  writer.byte(1);
  for (const part of parts) {
    if (typeof part === 'bigint' || typeof part === 'number') writer.int64(part);
    else writer.text(part);
  }
  return writer.finish();
}

function hex(...parts: readonly (Int64 | string | Uint8Array)[]): string {
  return encode(...parts)
    .subarray(1)
    .toString('hex');
}

function decode(key: Uint8Array): Part[] | string {
  const parsed = parseKeyParts(key);
  return 'problem' in parsed ? parsed.problem : parsed.value.map((part) => part.value);
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const bytes = fc.uint8Array({ maxLength: 40 });
const zeroes = fc.uint8Array({ max: 1, maxLength: 8 });

/** Negative numbers come first and, as Doris encodes them, in falling order. The lowest keeps its own bits, so it comes last of them. */
function compareInt64(a: bigint, b: bigint): number {
  if (a < 0n !== b < 0n) return a < 0n ? -1 : 1;
  const [left, right] = a < 0n ? [-a, -b] : [a, b];
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareParts(a: readonly Part[], b: readonly Part[]): number {
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a[i], b[i]];
    const order =
      typeof left === 'bigint' && typeof right === 'bigint'
        ? compareInt64(left, right)
        : Buffer.compare(left as Uint8Array, right as Uint8Array);
    if (order !== 0) return order;
  }
  return 0;
}

describe('encoding', () => {
  test('text and bytes end in 00 01, and have their zeros escaped', () => {
    expect(hex('txn')).toBe('1074786e0001');
    expect(hex('')).toBe('100001');
    expect(hex('a\0b')).toBe('106100ff620001');
    expect(hex('名')).toBe('10e5908d0001');
    expect(hex('\0名')).toBe('1000ffe5908d0001');
    expect(hex(Uint8Array.of(0, 0xff, 0))).toBe('1000ffff00ff0001');
  });

  test('numbers are their magnitude with a tag for the sign', () => {
    expect(hex(0n)).toBe('120000000000000000');
    expect(hex(10086)).toBe('120000000000002766');
    expect(hex(-5n)).toBe('110000000000000005');
    expect(hex(-5)).toBe('110000000000000005');
    expect(hex(Number.MAX_SAFE_INTEGER)).toBe('12001fffffffffffff');
    expect(hex(2n ** 63n - 1n)).toBe('127fffffffffffffff');
    expect(hex(-(2n ** 63n))).toBe('118000000000000000');
  });

  test('what is no int64 is a programmer error', () => {
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 0.5, Number.NaN, 2 ** 60]) {
      expect(() => encode(value)).toThrow(RangeError);
    }
    expect(hex(1), 'the writer is usable afterwards').toBe('120000000000000001');
  });

  test('keys stay as they are while others are built, also when the slab runs out in the middle of one', () => {
    const long = 'x'.repeat(3000);
    const keys = Array.from({ length: 50 }, (_, i) => ({ i, key: encode(long, i, long) }));
    for (const { i, key } of keys) {
      expect(decode(key)).toEqual([Buffer.from(long), BigInt(i), Buffer.from(long)]);
    }
    expect(decode(encode('y'.repeat(100_000), 1n))).toEqual([Buffer.from('y'.repeat(100_000)), 1n]);
  });
});

describe('order', () => {
  test('the order of encoded keys is the order of their parts', () => {
    const shape = fc.array(fc.constantFrom('int64', 'bytes'), { minLength: 1, maxLength: 4 });
    const pair = shape.chain((types) => {
      // Values that repeat, so that later parts decide too.
      const tuple = fc.tuple(
        ...types.map((type) =>
          type === 'int64' ? fc.oneof(fc.constantFrom(-2n, -1n, 0n, 1n), int64) : fc.oneof(zeroes, bytes),
        ),
      );
      return fc.tuple(tuple, tuple);
    });
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(Math.sign(Buffer.compare(encode(...a), encode(...b)))).toBe(Math.sign(compareParts(a, b)));
      }),
      { verbose: true, numRuns: 2000 },
    );
  });
});

describe('decoding', () => {
  test('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(int64, bytes, zeroes), { maxLength: 6 }), (parts) => {
        const expected = parts.map((part) => (typeof part === 'bigint' ? part : Buffer.from(part)));
        expect(decode(encode(...parts))).toEqual(expected);
      }),
      { verbose: true },
    );
  });

  test('says where the parts of a key begin', () => {
    const parsed = parseKeyParts(encode('ver', 10, 11));
    expect('value' in parsed && parsed.value.map((part) => part.position)).toEqual([1, 7, 16]);
  });

  test.each([
    ['0120', 'unknown tag 32 at 1'],
    ['0110696e7374', 'the bytes at 1 have no end or a wrong escape'],
    ['01106100', 'the bytes at 1 have no end or a wrong escape'],
    ['0110610002', 'the bytes at 1 have no end or a wrong escape'],
    ['01106100011200', 'the number at 5 is cut short'],
  ])('%s is refused', (key, problem) => {
    expect(decode(Buffer.from(key, 'hex'))).toBe(problem);
  });

  test('reads numbers that no key of ours has as Doris reads them', () => {
    expect(decode(Buffer.from('0112ffffffffffffffff', 'hex'))).toEqual([-1n]);
    expect(decode(Buffer.from('0111ffffffffffffffff', 'hex'))).toEqual([1n]);
    expect(decode(Buffer.from('01118000000000000000', 'hex'))).toEqual([-(2n ** 63n)]);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (key) => {
        parseKeyParts(key);
      }),
      { verbose: true, numRuns: 2000 },
    );
  });
});

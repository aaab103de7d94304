import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copy, literals, snappyBlock, varint } from '../../../test/support/snappy-block.ts';
import { decodeSnappy, SnappyError, snappyLength } from './snappy.ts';

const MOST = 1_000_000;
const TEXT = 'tablet_id: 10001, rowset_id: 02000000000000017f45, version: [2-2]; '.repeat(9).slice(0, 500);
const HASHES = Buffer.concat(
  Array.from({ length: 20 }, (_, i) =>
    createHash('sha256')
      .update(Buffer.of(i % 7))
      .digest(),
  ),
);

describe('a block that another implementation made', () => {
  test.each([
    [
      'of a text',
      'f403547461626c65745f69643a2031303030312c20726f77730d12083032302e01005831376634352c2076657273696f6e3a205b322d325d3b20fe4300fe4300fe4300fe4300fe4300fe4300c24300',
      Buffer.from(TEXT),
    ],
    [
      'of hashes that come again',
      '8005f0e56e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459adbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5e52d9c508c502347344d8c07ad91cbd6068afc75ff6292f062a09ca381c89e71e77b9a9ae9e30b0dbdb6f510a264ef9de781501d7b6b92ae89eb059c5ab743db67586e98fad27da0b9968bc039a1ef34c939b9b8e523a8bef89d478608c5ecf66e340b9cffb3fee000fee000fee000fee000fee000fee00066e000',
      HASHES,
    ],
    ['of nothing', '00', Buffer.alloc(0)],
    ['of zeros', 'ac020000fe0100fe0100fe0100fe0100aa0100', Buffer.alloc(300)],
  ])('%s', (_, hex, original) => {
    const block = Buffer.from(hex, 'hex');
    expect(snappyLength(block)).toBe(original.length);
    expect(decodeSnappy(block, MOST).equals(original)).toBe(true);
  });
});

test('a block becomes what was compressed', () => {
  const repetitive = fc.array(fc.constantFrom('abc', 'abcd', 'xyzw', '\0', 'rowset'), { maxLength: 400 });
  fc.assert(
    fc.property(
      fc.oneof(
        repetitive.map((words) => Buffer.from(words.join(''))),
        anyBytes(),
      ),
      (original) => {
        expect(decodeSnappy(snappyBlock(original), MOST).equals(original)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

/** A block of any elements, with what it becomes, worked out as simply as can be. */
const anyBlock = fc
  .array(
    fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.tuple(fc.nat(), fc.integer({ min: 1, max: 64 }))),
    {
      maxLength: 30,
    },
  )
  .map((parts) => {
    const output: number[] = [];
    const elements: Buffer[] = [];
    for (const part of parts) {
      if (part instanceof Uint8Array) {
        elements.push(...literals(Buffer.from(part)));
        output.push(...part);
      } else if (output.length > 0) {
        const [far, length] = part;
        const offset = 1 + (far % output.length);
        elements.push(copy(offset, length));
        for (let i = 0; i < length; i++) output.push(output[output.length - offset] ?? 0);
      }
    }
    return { elements: Buffer.concat(elements), output: Buffer.from(output) };
  });

test('every kind of element is read', () => {
  fc.assert(
    fc.property(anyBlock, ({ elements, output }) => {
      const block = Buffer.concat([varint(output.length), elements]);
      expect(decodeSnappy(block, MOST).equals(output)).toBe(true);
    }),
    { numRuns: 500 },
  );
  const far = Buffer.alloc(70_000, 'abcdefg');
  const block = Buffer.concat([varint(70_064), ...literals(far), copy(70_000, 64)]);
  expect(decodeSnappy(block, MOST).subarray(70_000).equals(far.subarray(0, 64))).toBe(true);
});

describe('a block is refused', () => {
  test('that is spoilt, or becomes what it announces', () => {
    fc.assert(
      fc.property(anyBlock, fc.nat(), fc.integer({ min: 0, max: 255 }), ({ elements, output }, where, value) => {
        const block = Buffer.concat([varint(output.length), elements]);
        block[where % block.length] = value;
        try {
          expect(decodeSnappy(block, MOST).length).toBe(snappyLength(block));
        } catch (error) {
          expect(error).toBeInstanceOf(SnappyError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['nothing at all', ''],
    ['a length without an end', 'ffffffffffff'],
    ['a length of more than 32 bits', 'ffffffff1f'],
    ['more than it announces', '0204616263'],
    ['less than it announces', '0408616263'],
    ['a literal that is cut off', '0508616263'],
    ['a literal whose length is cut off', '05f4'],
    ['a literal of four gigabytes', '05fcffffffff'],
    ['a copy of itself', '050061010000'],
    ['a copy from before the beginning', '05006101020101'],
    ['a copy that is cut off', '05006102'],
  ])('%s', (_, hex) => {
    expect(() => decodeSnappy(Buffer.from(hex, 'hex'), MOST)).toThrow(SnappyError);
  });

  test('that announces more than is allowed, before that is allocated', () => {
    expect(() => decodeSnappy(Buffer.concat([varint(0xffff_ffff), Buffer.of(0, 0)]), 1000)).toThrow(
      'the block becomes 4294967295 bytes, 1000 are the most',
    );
  });
});

function anyBytes(): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes));
}

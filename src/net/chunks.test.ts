import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chunks } from './chunks.ts';

test('whatever the pieces, they come together in their order', () => {
  const size = fc.oneof(
    fc.integer({ min: 0, max: 10 }),
    fc.constantFrom(4095, 4096, 4097),
    fc.integer({ max: 70_000, min: 0 }),
  );
  fc.assert(
    fc.property(fc.array(size, { maxLength: 120 }), (sizes) => {
      const chunks = new Chunks();
      const pieces = sizes.map((bytes, index) => Buffer.alloc(bytes, index));
      for (const piece of pieces) chunks.add(piece);
      expect(chunks.length).toBe(sizes.reduce((sum, bytes) => sum + bytes, 0));
      expect(chunks.join().equals(Buffer.concat(pieces))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('a million pieces of one byte take little more memory than a million bytes', () => {
  const chunks = new Chunks();
  const before = process.memoryUsage();
  for (let i = 0; i < 1_000_000; i++) chunks.add(Buffer.from([i & 0xff]));
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  // Kept one by one, they would take well over a hundred bytes each.
  expect(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(80_000_000);
  expect(chunks.join()[999_999]).toBe(999_999 & 0xff);
});

import { expect, test } from 'vitest';
import { addToCounter } from './counter.ts';

function number(bytes: Uint8Array): bigint {
  return Buffer.from(bytes).readBigUInt64LE();
}

test('adds to a 64-bit little-endian number and wraps around', () => {
  expect(number(addToCounter(undefined, 5n))).toBe(5n);
  expect(number(addToCounter(addToCounter(undefined, 5n), -6n))).toBe(2n ** 64n - 1n);
  expect(number(addToCounter(addToCounter(undefined, -1n), 1n))).toBe(0n);
  expect(number(addToCounter(undefined, 2n ** 64n + 3n))).toBe(3n);
});

test('fills a short number up and cuts a long one', () => {
  expect(number(addToCounter(Uint8Array.of(1, 1), 1n))).toBe(258n);
  expect(number(addToCounter(new Uint8Array(12).fill(1, 8), 1n))).toBe(1n);
});

test('leaves its base as it is', () => {
  const base = addToCounter(undefined, 1n);
  addToCounter(base, 1n);
  expect(number(base)).toBe(1n);
});

import type { KeyValue } from '../kv/store.ts';

/** Before each pair: the length of its key in two bytes, that of its value in four. */
const LENGTHS_BYTES = 6;
export const LONGEST_KEY = 0xffff;

/** How many bytes of a block a pair takes. */
export function sizeOfPair({ key, value }: KeyValue): number {
  return LENGTHS_BYTES + key.length + value.length;
}

/** Writes a pair into a block at `at`, where there must be room, and returns where it ends. */
export function writePair(target: Buffer, at: number, { key, value }: KeyValue): number {
  const [key_bytes, value_bytes] = [key.length, value.length];
  target[at] = key_bytes >>> 8;
  target[at + 1] = key_bytes;
  target[at + 2] = value_bytes >>> 24;
  target[at + 3] = value_bytes >>> 16;
  target[at + 4] = value_bytes >>> 8;
  target[at + 5] = value_bytes;
  const begin = at + LENGTHS_BYTES;
  target.set(key, begin);
  target.set(value, begin + key_bytes);
  return begin + key_bytes + value_bytes;
}

/**
 * The pairs of a block, views on its bytes, or what is wrong with them, in words. Their keys must rise, from above `after`
 * on.
 */
export function readPairs(block: Buffer, count: number, after: Buffer | undefined): KeyValue[] | string {
  const pairs: KeyValue[] = [];
  let before = after;
  let at = 0;
  while (at < block.length) {
    if (at + LENGTHS_BYTES > block.length) return 'it ends within a pair';
    const key_end = at + LENGTHS_BYTES + block.readUInt16BE(at);
    const value_end = key_end + block.readUInt32BE(at + 2);
    if (value_end > block.length) return 'it ends within a pair';
    const key = block.subarray(at + LENGTHS_BYTES, key_end);
    if (before !== undefined && Buffer.compare(before, key) >= 0) return 'its keys are not in order';
    pairs.push({ key, value: block.subarray(key_end, value_end) });
    before = key;
    at = value_end;
  }
  return pairs.length === count ? pairs : `it says ${count} pairs, and there are ${pairs.length}`;
}

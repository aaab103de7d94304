import { INT64_BYTES, INT64_TAG, KeyWriter } from '../keys/codec.ts';
import type { KeyRange, SplitShape } from '../keys/key-kind.ts';
import type { KeyValue, ReadOptions, Transaction } from '../kv/store.ts';

/** The longest chunk of a split value, as Doris cuts them: below the 100 kB that FoundationDB takes as one value. */
export const CHUNK_BYTES = 90_000;

const INT64_MAX = 2n ** 63n - 1n;
const writer = new KeyWriter();

/**
 * Where the parts of the value at `key` may stand: at the key itself, as services before value versions wrote it, and
 * at the key with a suffix of an int64 tag, a byte that is the version, five zeros, and the chunk's number in two bytes.
 */
export function splitRange(key: Uint8Array): KeyRange {
  writer.start();
  writer.raw(key);
  writer.int64(INT64_MAX);
  return { begin: Buffer.from(key.buffer, key.byteOffset, key.byteLength), end: writer.finish() };
}

/** The key of chunk number `chunk` of a value. */
export function chunkKey(key: Uint8Array, split: SplitShape, chunk: number): Buffer {
  writer.start();
  writer.raw(key);
  writer.int64((BigInt(split.version) << 56n) + BigInt(chunk));
  return writer.finish();
}

/** Whether `pair` holds a part of the value at `key`, as which all pairs of its range should pass. */
export function isPartOf(key: Uint8Array, pair: KeyValue): boolean {
  if (pair.key.length === key.length) return true;
  return pair.key.length === key.length + INT64_BYTES && pair.key[key.length] === INT64_TAG;
}

/** The value at `key`, put together from its chunks, or undefined when there is none. */
export async function readSplitValue(
  txn: Transaction,
  key: Uint8Array,
  options?: ReadOptions,
): Promise<Buffer | undefined> {
  const { begin, end } = splitRange(key);
  const chunks: Uint8Array[] = [];
  for await (const page of txn.getRange(begin, end, options)) {
    for (const pair of page) if (isPartOf(key, pair)) chunks.push(pair.value);
  }
  return chunks.length === 0 ? undefined : Buffer.concat(chunks);
}

/** Whether a value stands at `key`, in one part or in chunks. */
export async function splitValueExists(txn: Transaction, key: Uint8Array, options?: ReadOptions): Promise<boolean> {
  const { begin, end } = splitRange(key);
  for await (const _page of txn.getRange(begin, end, { ...options, limit: 1 })) return true;
  return false;
}

/**
 * Writes `value` in chunks, in place of whatever parts an older value left there. An empty value is not stored at all,
 * as in Doris: it has no chunk.
 */
export function writeSplitValue(txn: Transaction, key: Uint8Array, split: SplitShape, value: Uint8Array): void {
  removeSplitValue(txn, key);
  for (let chunk = 0; chunk * CHUNK_BYTES < value.length; chunk++) {
    const begin = chunk * CHUNK_BYTES;
    txn.set(chunkKey(key, split, chunk), value.subarray(begin, begin + CHUNK_BYTES));
  }
}

/** Removes a value with all its parts, without reading it. */
export function removeSplitValue(txn: Transaction, key: Uint8Array): void {
  const { begin, end } = splitRange(key);
  txn.clearRange(begin, end);
}

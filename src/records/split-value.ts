import { chunkKey, splitRange } from '../keys/chunk-key.ts';
import type { SplitShape } from '../keys/key-kind.ts';
import type { ReadOptions, Transaction } from '../kv/store.ts';

/** The longest chunk of a split value, as Doris cuts them: below the 100 kB that FoundationDB takes as one value. */
export const CHUNK_BYTES = 90_000;

/** The value at `key`, put together from its chunks, or undefined when there is none. */
export async function readSplitValue(
  txn: Transaction,
  key: Uint8Array,
  options?: ReadOptions,
): Promise<Buffer | undefined> {
  const { begin, end } = splitRange(key);
  const chunks: Uint8Array[] = [];
  for await (const page of txn.getRange(begin, end, options)) {
    for (const pair of page) chunks.push(pair.value);
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

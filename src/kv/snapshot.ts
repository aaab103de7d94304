import type { Awaitable } from '../awaitable.ts';
import type { KeyText } from './bytes.ts';
import type { KeyValue } from './store.ts';

/** A stretch of a range as a snapshot holds it. */
export interface SnapshotPage {
  readonly pairs: readonly KeyValue[];
  /** Whether the range ends here: there are no more pairs behind these. */
  readonly last: boolean;
}

/**
 * One state of the store, as an engine lets a transaction read it. Its methods throw, or reject with, `too_old` or `closed`
 * once it has ended.
 */
export interface Snapshot {
  /** The value at `key`, in bytes that others may be given too. */
  get(key: KeyText): Awaitable<Uint8Array | undefined>;
  /** The first pairs (the last ones in falling order when `reverse`) with `begin <= key < end`, at most `limit` and of bounded size, at least one unless there is none. */
  scan(begin: KeyText, end: KeyText, limit: number, reverse: boolean): Awaitable<SnapshotPage>;
  /** The version of the last commit that the snapshot holds. */
  version(): Awaitable<bigint>;
  /** Gives it back. Harmless when repeated. */
  release(): void;
}

/**
 * What `read` gives for each key, without waiting for what is there at once. Throws what one of the reads throws; those
 * that have begun by then come to their end unheard.
 */
export function readAll<K, T>(keys: readonly K[], read: (key: K) => Awaitable<T>): Awaitable<T[]> {
  const reads: Awaitable<T>[] = [];
  let some_come_later = false;
  try {
    for (const key of keys) {
      const value = read(key);
      if (value instanceof Promise) some_come_later = true;
      reads.push(value);
    }
  } catch (error) {
    // A read that is refused later, since the transaction is cancelled, must not pass for one that nobody has handled.
    for (const begun of reads) if (begun instanceof Promise) begun.catch(() => undefined);
    throw error;
  }
  return some_come_later ? Promise.all(reads) : (reads as T[]);
}

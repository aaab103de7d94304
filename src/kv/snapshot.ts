import type { KeyText } from './bytes.ts';
import type { KeyValue } from './store.ts';

/** A stretch of a range as a snapshot holds it. */
export interface SnapshotPage {
  readonly pairs: readonly KeyValue[];
  /** Whether the range ends here: there are no more pairs behind these. */
  readonly last: boolean;
}

/** What a read gives: at once from an engine in this process, later from one beyond a connection. */
export type Read<T> = T | Promise<T>;

/**
 * One state of the store, as an engine lets a transaction read it. Its methods throw, or reject with, `too_old` or `closed`
 * once it has ended.
 */
export interface Snapshot {
  /** The value at `key`, in bytes that others may be given too. */
  get(key: KeyText): Read<Uint8Array | undefined>;
  /** The first pairs (the last ones in falling order when `reverse`) with `begin <= key < end`, at most `limit` and of bounded size, at least one unless there is none. */
  scan(begin: KeyText, end: KeyText, limit: number, reverse: boolean): Read<SnapshotPage>;
  /** The version of the last commit that the snapshot holds. */
  version(): Read<bigint>;
  /** Gives it back. Harmless when repeated. */
  release(): void;
}

/** All of them, without waiting for what is there at once. */
export function allOf<T>(reads: readonly Read<T>[]): Promise<T[]> {
  for (const read of reads) if (read instanceof Promise) return Promise.all(reads);
  return Promise.resolve(reads as T[]);
}

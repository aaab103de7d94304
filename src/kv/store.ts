import type { Awaitable } from '../awaitable.ts';
import type { Spent } from './spent.ts';

/**
 * What an ordered, transactional key-value store promises, whichever engine keeps the promise.
 *
 * The promises are those of FoundationDB, the engine that Doris itself runs on, so that every engine can stand in for
 * every other: keys are ordered byte by byte; a transaction reads one snapshot, buffers its writes, sees them itself,
 * and commits only if nothing that it read has changed in the meantime; a commit is acknowledged when it is on disk.
 */

import type { HeldSnapshot, HoldOptions } from './held-snapshot.ts';

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface ReadOptions {
  /** A snapshot read sees the transaction's snapshot and its own writes, but a later change of what it read is no conflict. */
  readonly snapshot?: boolean;
}

export interface RangeOptions extends ReadOptions {
  /** The most pairs to return in all; without it, all of them. */
  readonly limit?: number;
  /** From the end of the range to its beginning. */
  readonly reverse?: boolean;
}

/** The sizes that every engine accepts, in bytes and milliseconds. An engine may take less, and says so in `Store.limits`. */
export interface StoreLimits {
  readonly key_bytes: number;
  readonly value_bytes: number;
  /** Keys and values written, and keys and ranges read, of one transaction together. */
  readonly transaction_bytes: number;
  /** From the first read to the call of `commit`. */
  readonly transaction_ms: number;
}

/** The ten bytes of a versionstamp: the commit's version (8, big-endian), then its place among the commits of that version (2). */
export const VERSIONSTAMP_BYTES = 10;

/**
 * Bytes that are returned may be shared with others, and must not be changed. What an engine has at once, it may give at
 * once; what goes wrong is always a rejection.
 */
export interface Transaction {
  /** The value at `key`, or undefined when there is none. */
  get(key: Uint8Array, options?: ReadOptions): Awaitable<Uint8Array | undefined>;

  /** The values at `keys`, in their order. */
  getMany(keys: readonly Uint8Array[], options?: ReadOptions): Awaitable<(Uint8Array | undefined)[]>;

  /** The pairs with `begin <= key < end`, in pages of bounded size, none of them empty. A consumer that stops early has read, and conflicts on, only what it was given. */
  getRange(begin: Uint8Array, end: Uint8Array, options?: RangeOptions): AsyncIterable<readonly KeyValue[]>;

  set(key: Uint8Array, value: Uint8Array): void;
  clear(key: Uint8Array): void;
  /** Removes every key with `begin <= key < end`. */
  clearRange(begin: Uint8Array, end: Uint8Array): void;

  /** Adds `delta` to the 64-bit little-endian number at `key`, as if it were 0 when absent, wrapping around. Reads nothing, so concurrent additions don't conflict. */
  add(key: Uint8Array, delta: bigint): void;

  /** Sets `key`, with the ten bytes from `offset` replaced by the commit's versionstamp, to `value`. Until the commit, reading any key that this one may turn out to be is `misuse`. */
  setVersionstampedKey(key: Uint8Array, offset: number, value: Uint8Array): void;
  /** Sets `key` to `value`, with the ten bytes from `offset` replaced by the commit's versionstamp. Until the commit, reading `key` is `misuse`, unless it is set or cleared again. */
  setVersionstampedValue(key: Uint8Array, value: Uint8Array, offset: number): void;

  /** The version of the snapshot that this transaction reads: not below that of any commit acknowledged before its first read. */
  readVersion(): Promise<bigint>;

  /**
   * Makes the writes durable, all or none. Rejects with a StoreError. An engine that has lost sight of a commit finds out
   * itself what became of it; only where it can't is that `commit_unknown`, after which the writes may be there or not.
   * The transaction can't be used afterwards.
   */
  commit(): Awaitable<void>;

  /** The commit's versionstamp, after a commit that wrote something. */
  versionstamp(): Uint8Array;

  /** Gives the snapshot back without writing. Harmless after commit and when repeated. */
  cancel(): void;
}

export interface TransactOptions {
  /** The most times that `fn` runs; 20 unless told. */
  readonly attempts?: number;
  /** For how long it may begin to run again, from the first time on; unless told, as long as there are attempts. */
  readonly within_ms?: number;
  /** What is told where the time goes. */
  readonly spent?: Spent;
}

/** What an engine has done since it was opened. */
export interface StoreStats {
  /** Commits that were acknowledged. */
  readonly commits: number;
  /** Commits that were refused because of a conflict. */
  readonly conflicts: number;
  /** Times that a transaction ran again, after a conflict or another error that a repeat may mend. */
  readonly retries: number;
  /** Keys in the store, from an engine that knows. */
  readonly keys?: number;
}

export interface Store {
  readonly limits: StoreLimits;

  /** A transaction that the caller must commit or cancel. Prefer `transact`. */
  begin(): Transaction;

  /**
   * Runs `fn` in a transaction and commits it. After a conflict or another retryable error `fn` runs again on a new
   * snapshot, with backoff, until the attempts or the time are used up; so it must have no effect outside the transaction.
   * It never runs again where an earlier attempt may have been written, so it need not recognise what it has done itself.
   * Whatever `fn` throws cancels the transaction, and reaches the caller unless it is a retryable StoreError.
   */
  transact<T>(fn: (txn: Transaction) => Awaitable<T>, options?: TransactOptions): Promise<T>;

  /**
   * As `transact`, and gives at once what comes of an `fn` that waits for nothing and writes nothing; only its errors are
   * rejections all the same. From an engine that has at once what is read.
   */
  transactNow?<T>(fn: (txn: Transaction) => Awaitable<T>, options?: TransactOptions): Awaitable<T>;

  /**
   * The version of the newest state, from an engine that knows it without asking anyone and in which it rises with commits
   * alone: as long as it is the same, every read answers the same.
   */
  newestVersion?(): bigint;

  /**
   * Holds the newest state for a reader that needs longer than a transaction may take, such as a dump. Only from an engine
   * that can: call `holdSnapshot` of held-snapshot.ts, which knows what to do with the others.
   */
  holdSnapshot?(options?: HoldOptions): Promise<HeldSnapshot>;

  /** What it has done, from an engine that counts. Throws a StoreError where the store can't be used. */
  stats?(): StoreStats;

  /** Waits for the commits in flight, then closes. Calls from then on reject with a `closed` StoreError. */
  close(): Promise<void>;
}

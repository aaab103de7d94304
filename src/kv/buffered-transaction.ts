import type { Awaitable } from '../awaitable.ts';
import { type KeyText, keyAfter, keyText } from './bytes.ts';
import { checkKey, checkLimit, checkRange, checkSize, checkStampOffset, checkValue } from './limits.ts';
import type { Mutation } from './mutation.ts';
import { ReadSet } from './read-set.ts';
import { getThrough, scanThroughWrites, unreadable } from './read-through.ts';
import { readAll, type Snapshot, type SnapshotPage } from './snapshot.ts';
import { MANY_KEYS, type Spent, timedRead, untilRead } from './spent.ts';
import type { KeyValue, RangeOptions, ReadOptions, StoreLimits, Transaction } from './store.ts';
import { StoreError, StoreErrorCode } from './store-error.ts';
import { WriteBuffer } from './write-buffer.ts';

/** What a transaction asks an engine to make durable. */
export interface CommitRequest<S extends Snapshot> {
  /** What was read came from here; absent when nothing was read. */
  readonly snapshot: S | undefined;
  /** Absent when nothing was read that a commit must check. */
  readonly reads: ReadSet | undefined;
  readonly mutations: readonly Mutation[];
  readonly size_bytes: number;
}

/** Takes a commit's versionstamp or the reason of its failure. Not a promise, of which each commit would need two. */
export type Settle = (outcome: Uint8Array | StoreError) => void;

/** What an engine gives to the transactions that are buffered in this process. */
export interface BufferedEngine<S extends Snapshot> {
  readonly limits: StoreLimits;
  /** The newest state: it holds every commit that was acknowledged before this call. */
  openSnapshot(): S;
  /** Calls `settle` once: with the commit's versionstamp when it is on disk, or with the reason why it is not. */
  commit(request: CommitRequest<S>, settle: Settle): void;
}

/** The most pairs that one page of a range holds. */
const PAGE_PAIRS = 256;

type State = 'open' | 'committing' | 'committed' | 'ended';

/** A transaction that keeps its writes and what it has read in memory until it commits. */
export class BufferedTransaction<S extends Snapshot> implements Transaction {
  readonly #engine: BufferedEngine<S>;
  /** Of keys and values written, and keys and ranges read. */
  #size_bytes = 0;
  // Made when they are needed: many transactions only read, or only write.
  #reads: ReadSet | undefined;
  #writes: WriteBuffer | undefined;
  #snapshot: S | undefined;
  #state: State = 'open';
  #versionstamp: Uint8Array | undefined;

  readonly #spent: Spent | undefined;

  /** `spent` is told where the time goes. */
  constructor(engine: BufferedEngine<S>, spent?: Spent) {
    this.#engine = engine;
    this.#spent = spent;
  }

  get(key: Uint8Array, options?: ReadOptions): Awaitable<Uint8Array | undefined> {
    try {
      const value = this.#read(key, options?.snapshot === true);
      return value instanceof Promise && this.#spent !== undefined ? untilRead(this.#spent, value) : value;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  getMany(keys: readonly Uint8Array[], options?: ReadOptions): Awaitable<(Uint8Array | undefined)[]> {
    try {
      const spent = keys.length < MANY_KEYS ? undefined : this.#spent;
      return timedRead(spent, () => readAll(keys, (key) => this.#read(key, options?.snapshot === true)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async *getRange(
    begin: Uint8Array,
    end: Uint8Array,
    options: RangeOptions = {},
  ): AsyncGenerator<readonly KeyValue[], void, undefined> {
    this.#mustBeOpen();
    checkRange(this.#engine.limits, begin, end);
    checkLimit(options.limit);
    const { reverse = false, snapshot = false } = options;
    let remaining = options.limit ?? Number.POSITIVE_INFINITY;
    let low = keyText(begin);
    let high = keyText(end);
    while (remaining > 0 && low < high) {
      const [from_low, to_high, most] = [low, high, Math.min(remaining, PAGE_PAIRS)];
      const scanned = timedRead(this.#spent, () => this.#scan(from_low, to_high, most, reverse));
      const page = scanned instanceof Promise ? await scanned : scanned;
      const last = page.pairs[page.pairs.length - 1];
      if (last !== undefined) {
        const [from, to] = reverse ? [keyText(last.key), high] : [low, keyAfter(keyText(last.key))];
        if (!snapshot) {
          this.#relyOnRange(from, to);
        }
        remaining -= page.pairs.length;
        [low, high] = reverse ? [low, from] : [to, high];
        yield page.pairs;
        this.#mustBeOpen();
      }
      if (page.last && remaining > 0) {
        // Only a consumer who has come back to hear that there is nothing more has read the rest of the range.
        if (!snapshot) {
          this.#relyOnRange(low, high);
        }
        return;
      }
    }
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    checkValue(this.#engine.limits, value);
    this.#write({ kind: 'set', key: keyText(key), value: Buffer.from(value) }, key.length + value.length);
  }

  clear(key: Uint8Array): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    this.#write({ kind: 'clear', key: keyText(key) }, key.length);
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#mustBeOpen();
    checkRange(this.#engine.limits, begin, end);
    this.#write({ kind: 'clear-range', begin: keyText(begin), end: keyText(end) }, begin.length + end.length);
  }

  add(key: Uint8Array, delta: bigint): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    this.#write({ kind: 'add', key: keyText(key), delta }, key.length + 8);
  }

  setVersionstampedKey(key: Uint8Array, offset: number, value: Uint8Array): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    checkStampOffset(key, offset);
    checkValue(this.#engine.limits, value);
    this.#write(
      { kind: 'set-stamped-key', key: Buffer.from(key), offset, value: Buffer.from(value) },
      key.length + value.length,
    );
  }

  setVersionstampedValue(key: Uint8Array, value: Uint8Array, offset: number): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    checkValue(this.#engine.limits, value);
    checkStampOffset(value, offset);
    this.#write(
      { kind: 'set-stamped-value', key: keyText(key), value: Buffer.from(value), offset },
      key.length + value.length,
    );
  }

  /** Makes a later change of `key` a conflict, as if it had been read. */
  relyOn(key: Uint8Array): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    this.#snapshotNow();
    this.#relyOnKey(keyText(key));
  }

  async readVersion(): Promise<bigint> {
    this.#mustBeOpen();
    return this.#snapshotNow().version();
  }

  commit(): Awaitable<void> {
    if (this.#state !== 'open') {
      return Promise.reject(this.#unusable());
    }
    if (this.#writes === undefined) {
      // What it read was one state of the store, so there is nothing to check.
      this.#end('committed');
      return undefined;
    }
    this.#state = 'committing';
    const request = {
      snapshot: this.#snapshot,
      reads: this.#reads,
      mutations: this.#writes.mutations,
      size_bytes: this.#size_bytes,
    };
    const spent = this.#spent;
    const began_ms = spent === undefined ? 0 : performance.now();
    return new Promise((resolve, reject) => {
      this.#engine.commit(request, (outcome) => {
        if (spent !== undefined) spent.commit_ms += performance.now() - began_ms;
        if (outcome instanceof StoreError) {
          this.#end('ended');
          reject(outcome);
        } else {
          this.#versionstamp = outcome;
          this.#end('committed');
          resolve();
        }
      });
    });
  }

  versionstamp(): Uint8Array {
    if (this.#versionstamp === undefined) {
      throw new StoreError(StoreErrorCode.Misuse, 'Only a transaction that has committed a write has a versionstamp.');
    }
    return this.#versionstamp;
  }

  cancel(): void {
    if (this.#state === 'open') {
      this.#end('ended');
    }
  }

  #write(mutation: Mutation, size_bytes: number): void {
    this.#grow(size_bytes);
    this.#writes ??= new WriteBuffer();
    this.#writes.push(mutation);
  }

  #read(key: Uint8Array, snapshot: boolean): Awaitable<Uint8Array | undefined> {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    const text = keyText(key);
    if (this.#writes === undefined) {
      const value = this.#snapshotNow().get(text);
      if (!snapshot) {
        this.#relyOnKey(text);
      }
      return value;
    }
    if (this.#writes.unknownAt(text)) {
      throw unreadable();
    }
    const overlay = this.#writes.overlay();
    const own = overlay.get(text);
    // A value that this transaction has set itself does not depend on what others do.
    if (!snapshot && (own === undefined || own.kind === 'more')) {
      this.#relyOnKey(text);
    }
    return getThrough(overlay, this.#snapshotNow(), text);
  }

  #scan(low: KeyText, high: KeyText, limit: number, reverse: boolean): Awaitable<SnapshotPage> {
    if (this.#writes === undefined) {
      return this.#snapshotNow().scan(low, high, limit, reverse);
    }
    return scanThroughWrites(this.#writes, this.#snapshotNow(), low, high, limit, reverse);
  }

  #relyOnKey(key: KeyText): void {
    this.#reads ??= new ReadSet();
    this.#grow(this.#reads.addKey(key));
  }

  #relyOnRange(begin: KeyText, end: KeyText): void {
    this.#reads ??= new ReadSet();
    this.#grow(this.#reads.addRange(begin, end));
  }

  #grow(bytes: number): void {
    checkSize(this.#engine.limits, this.#size_bytes + bytes);
    this.#size_bytes += bytes;
  }

  #snapshotNow(): S {
    this.#snapshot ??= this.#engine.openSnapshot();
    return this.#snapshot;
  }

  #mustBeOpen(): void {
    if (this.#state !== 'open') {
      throw this.#unusable();
    }
  }

  #unusable(): StoreError {
    return new StoreError(StoreErrorCode.Misuse, `The transaction can't be used any more: it is ${this.#state}.`);
  }

  #end(state: State): void {
    this.#state = state;
    this.#snapshot?.release();
    this.#snapshot = undefined;
  }
}

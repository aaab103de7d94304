import { type KeyText, keyText } from './bytes.ts';
import { checkKey, checkLimit, checkRange, checkStampOffset, checkValue, TransactionSize } from './limits.ts';
import type { Mutation } from './mutation.ts';
import { ReadSet } from './read-set.ts';
import { getThrough, scanThrough } from './read-through.ts';
import type { Snapshot } from './snapshot.ts';
import type { KeyValue, RangeOptions, ReadOptions, StoreLimits, Transaction } from './store.ts';
import { StoreError, StoreErrorCode } from './store-error.ts';
import { WriteBuffer } from './write-buffer.ts';

/** What a transaction asks an engine to make durable. */
export interface CommitRequest<S extends Snapshot> {
  /** What was read came from here; absent when nothing was read. */
  readonly snapshot: S | undefined;
  readonly reads: ReadSet;
  readonly mutations: readonly Mutation[];
  readonly size_bytes: number;
}

/** What an engine gives to the transactions that are buffered in this process. */
export interface BufferedEngine<S extends Snapshot> {
  readonly limits: StoreLimits;
  /** The newest state: it holds every commit that was acknowledged before this call. */
  openSnapshot(): S;
  /** Resolves with the commit's versionstamp when it is on disk. */
  commit(request: CommitRequest<S>): Promise<Uint8Array>;
}

/** The most pairs that one page of a range holds. */
const PAGE_PAIRS = 256;

type State = 'open' | 'committing' | 'committed' | 'ended';

/** A transaction that keeps its writes and what it has read in memory until it commits. */
export class BufferedTransaction<S extends Snapshot> implements Transaction {
  readonly #engine: BufferedEngine<S>;
  readonly #size: TransactionSize;
  readonly #reads = new ReadSet();
  readonly #writes = new WriteBuffer();
  #snapshot: S | undefined;
  #state: State = 'open';
  #versionstamp: Uint8Array | undefined;

  constructor(engine: BufferedEngine<S>) {
    this.#engine = engine;
    this.#size = new TransactionSize(engine.limits);
  }

  get(key: Uint8Array, options?: ReadOptions): Promise<Uint8Array | undefined> {
    try {
      return Promise.resolve(this.#read(key, options?.snapshot === true));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  getMany(keys: readonly Uint8Array[], options?: ReadOptions): Promise<(Uint8Array | undefined)[]> {
    try {
      return Promise.resolve(keys.map((key) => this.#read(key, options?.snapshot === true)));
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
      const page = this.#scan(low, high, Math.min(remaining, PAGE_PAIRS), reverse);
      const last = page.pairs[page.pairs.length - 1];
      if (last !== undefined) {
        const [from, to] = reverse ? [keyText(last.key), high] : [low, `${keyText(last.key)}\0`];
        this.#observe(from, to, snapshot);
        remaining -= page.pairs.length;
        [low, high] = reverse ? [low, from] : [to, high];
        yield page.pairs;
        this.#mustBeOpen();
      }
      if (page.last && remaining > 0) {
        // Only a consumer who has come back to hear that there is nothing more has read the rest of the range.
        this.#observe(low, high, snapshot);
        return;
      }
    }
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    checkValue(this.#engine.limits, value);
    this.#size.add(key.length + value.length);
    this.#writes.push({ kind: 'set', key: keyText(key), value: Buffer.from(value) });
  }

  clear(key: Uint8Array): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    this.#size.add(key.length);
    this.#writes.push({ kind: 'clear', key: keyText(key) });
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#mustBeOpen();
    checkRange(this.#engine.limits, begin, end);
    this.#size.add(begin.length + end.length);
    this.#writes.push({ kind: 'clear-range', begin: keyText(begin), end: keyText(end) });
  }

  add(key: Uint8Array, delta: bigint): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    this.#size.add(key.length + 8);
    this.#writes.push({ kind: 'add', key: keyText(key), delta });
  }

  setVersionstampedKey(key: Uint8Array, offset: number, value: Uint8Array): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    checkStampOffset(key, offset);
    checkValue(this.#engine.limits, value);
    this.#size.add(key.length + value.length);
    this.#writes.push({ kind: 'set-stamped-key', key: Buffer.from(key), offset, value: Buffer.from(value) });
  }

  setVersionstampedValue(key: Uint8Array, value: Uint8Array, offset: number): void {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    checkValue(this.#engine.limits, value);
    checkStampOffset(value, offset);
    this.#size.add(key.length + value.length);
    this.#writes.push({ kind: 'set-stamped-value', key: keyText(key), value: Buffer.from(value), offset });
  }

  async readVersion(): Promise<bigint> {
    this.#mustBeOpen();
    return this.#snapshotNow().version();
  }

  async commit(): Promise<void> {
    this.#mustBeOpen();
    if (this.#writes.empty) {
      // What it read was one state of the store, so there is nothing to check.
      this.#end('committed');
      return;
    }
    this.#state = 'committing';
    try {
      this.#versionstamp = await this.#engine.commit({
        snapshot: this.#snapshot,
        reads: this.#reads,
        mutations: this.#writes.mutations,
        size_bytes: this.#size.bytes,
      });
      this.#end('committed');
    } catch (error) {
      this.#end('ended');
      throw error;
    }
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

  #read(key: Uint8Array, snapshot: boolean): Uint8Array | undefined {
    this.#mustBeOpen();
    checkKey(this.#engine.limits, key);
    const text = keyText(key);
    if (this.#writes.empty) {
      const value = this.#snapshotNow().get(text);
      if (!snapshot) {
        this.#size.add(this.#reads.addKey(text));
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
      this.#size.add(this.#reads.addKey(text));
    }
    return getThrough(overlay, this.#snapshotNow(), text);
  }

  #scan(low: KeyText, high: KeyText, limit: number, reverse: boolean) {
    const page = scanThrough(this.#writes.overlay(), this.#snapshotNow(), low, high, limit, reverse);
    if (!this.#writes.empty) {
      const last = page.last ? undefined : page.pairs[page.pairs.length - 1];
      const from = reverse && last !== undefined ? keyText(last.key) : low;
      const to = !reverse && last !== undefined ? `${keyText(last.key)}\0` : high;
      if (this.#writes.unknownIn(from, to)) {
        throw unreadable();
      }
    }
    return page;
  }

  #observe(begin: KeyText, end: KeyText, snapshot: boolean): void {
    if (!snapshot) {
      this.#size.add(this.#reads.addRange(begin, end));
    }
  }

  #snapshotNow(): S {
    this.#snapshot ??= this.#engine.openSnapshot();
    return this.#snapshot;
  }

  #mustBeOpen(): void {
    if (this.#state !== 'open') {
      throw new StoreError(StoreErrorCode.Misuse, `The transaction can't be used any more: it is ${this.#state}.`);
    }
  }

  #end(state: State): void {
    this.#state = state;
    this.#snapshot?.release();
    this.#snapshot = undefined;
  }
}

function unreadable(): StoreError {
  return new StoreError(
    StoreErrorCode.Misuse,
    'This transaction has written there with a versionstamp, which is known only after the commit.',
  );
}

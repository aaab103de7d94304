import type { Awaitable } from '../awaitable.ts';
import type { Receipt, Receipts, ReliantTransaction } from './receipts.ts';
import type { KeyValue, RangeOptions, ReadOptions, Transaction } from './store.ts';
import { StoreError, StoreErrorCode } from './store-error.ts';

/** A transaction of an engine that may lose sight of its commits, whose own commit finds out what became of it. */
export class ReceiptedTransaction implements Transaction {
  readonly #inner: ReliantTransaction;
  readonly #receipts: Receipts;
  #has_written = false;
  /** The versionstamp of a commit that was found by its receipt. */
  #found: Uint8Array | undefined;

  constructor(inner: ReliantTransaction, receipts: Receipts) {
    this.#inner = inner;
    this.#receipts = receipts;
  }

  get(key: Uint8Array, options?: ReadOptions): Awaitable<Uint8Array | undefined> {
    return this.#inner.get(key, options);
  }

  getMany(keys: readonly Uint8Array[], options?: ReadOptions): Awaitable<(Uint8Array | undefined)[]> {
    return this.#inner.getMany(keys, options);
  }

  getRange(begin: Uint8Array, end: Uint8Array, options?: RangeOptions): AsyncIterable<readonly KeyValue[]> {
    return this.#inner.getRange(begin, end, options);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#writing().set(key, value);
  }

  clear(key: Uint8Array): void {
    this.#writing().clear(key);
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#writing().clearRange(begin, end);
  }

  add(key: Uint8Array, delta: bigint): void {
    this.#writing().add(key, delta);
  }

  setVersionstampedKey(key: Uint8Array, offset: number, value: Uint8Array): void {
    this.#writing().setVersionstampedKey(key, offset, value);
  }

  setVersionstampedValue(key: Uint8Array, value: Uint8Array, offset: number): void {
    this.#writing().setVersionstampedValue(key, value, offset);
  }

  readVersion(): Promise<bigint> {
    return this.#inner.readVersion();
  }

  async commit(): Promise<void> {
    // What only reads always commits.
    if (!this.#has_written) return this.#inner.commit();
    await this.#receipts.with((receipt) => this.#commitWith(receipt));
  }

  versionstamp(): Uint8Array {
    return this.#found ?? this.#inner.versionstamp();
  }

  cancel(): void {
    this.#inner.cancel();
  }

  #writing(): Transaction {
    this.#has_written = true;
    return this.#inner;
  }

  async #commitWith(receipt: Receipt): Promise<void> {
    this.#inner.relyOn(receipt.fence);
    this.#inner.setVersionstampedValue(receipt.key, receipt.value, 0);
    try {
      await this.#inner.commit();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== StoreErrorCode.CommitUnknown) throw error;
      // Should this fail too, nobody knows.
      this.#found = await this.#receipts.find(receipt).catch(() => Promise.reject(error));
      if (this.#found === undefined) {
        throw new StoreError(StoreErrorCode.Busy, 'The commit got lost, and was not made.', { cause: error });
      }
    }
  }
}

import type { KeyValue, RangeOptions, Store, Transaction } from '../../src/kv/store.ts';

/** Small, so that tests meet values that are spread over pages. */
const PAGE_PAIRS = 3;

interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * A store in memory for tests of what is read and written: one transaction at a time, each of which sees and makes its
 * changes at once. It keeps none of the promises about conflicts and crashes.
 */
export class MemoryStore implements Store {
  readonly limits = { key_bytes: 2_000, value_bytes: 100_000, transaction_bytes: 10_000_000, transaction_ms: 5_000 };
  #pairs: Pair[] = [];
  #version = 0n;

  begin(): Transaction {
    return this.#transaction();
  }

  async transact<T>(fn: (txn: Transaction) => Promise<T>): Promise<T> {
    return fn(this.#transaction());
  }

  async close(): Promise<void> {
    this.#pairs = [];
  }

  /** Everything that is stored, in order. */
  pairs(): readonly Pair[] {
    return this.#pairs;
  }

  fill(pairs: readonly KeyValue[]): void {
    this.#pairs.push(...pairs.map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) })));
    this.#pairs.sort((a, b) => a.key.compare(b.key));
  }

  #transaction(): Transaction {
    const stamp = Buffer.alloc(10);
    stamp.writeBigUInt64BE(++this.#version, 0);
    return {
      get: async (key) => this.#get(key),
      getMany: async (keys) => keys.map((key) => this.#get(key)),
      getRange: (begin, end, options) => this.#range(begin, end, options),
      set: (key, value) => this.#set(key, value),
      clear: (key) => this.#clear((each) => each.equals(key)),
      clearRange: (begin, end) => this.#clear((key) => key.compare(begin) >= 0 && key.compare(end) < 0),
      add: (key, delta) => this.#add(key, delta),
      setVersionstampedKey: (key, offset, value) => this.#set(stamped(key, offset, stamp), value),
      setVersionstampedValue: (key, value, offset) => this.#set(key, stamped(value, offset, stamp)),
      readVersion: async () => this.#version,
      commit: async () => undefined,
      versionstamp: () => stamp,
      cancel: () => undefined,
    };
  }

  #get(key: Uint8Array): Uint8Array | undefined {
    return this.#pairs.find((pair) => pair.key.equals(key))?.value;
  }

  #set(key: Uint8Array, value: Uint8Array): void {
    this.#clear((each) => each.equals(key));
    this.#pairs.push({ key: Buffer.from(key), value: Buffer.from(value) });
    this.#pairs.sort((a, b) => a.key.compare(b.key));
  }

  #clear(gone: (key: Buffer) => boolean): void {
    this.#pairs = this.#pairs.filter((pair) => !gone(pair.key));
  }

  #add(key: Uint8Array, delta: bigint): void {
    const value = Buffer.alloc(8);
    const before = this.#get(key);
    value.writeBigInt64LE(BigInt.asIntN(64, (before ? Buffer.from(before).readBigInt64LE() : 0n) + delta));
    this.#set(key, value);
  }

  async *#range(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): AsyncIterable<readonly KeyValue[]> {
    let pairs = this.#pairs.filter(({ key }) => key.compare(begin) >= 0 && key.compare(end) < 0);
    if (options.reverse === true) pairs.reverse();
    pairs = pairs.slice(0, options.limit);
    for (let at = 0; at < pairs.length; at += PAGE_PAIRS) yield pairs.slice(at, at + PAGE_PAIRS);
  }
}

function stamped(bytes: Uint8Array, offset: number, stamp: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(stamp, offset);
  return copy;
}

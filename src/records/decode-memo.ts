import { sameBytes } from '../kv/bytes.ts';

export interface DecodeMemoLimits {
  readonly entries: number;
  /** Of the values that the messages were decoded from. */
  readonly value_bytes: number;
}

interface Entry<T> {
  readonly value: Uint8Array;
  readonly decoded: T;
}

/**
 * Remembers what the values of keys decode to, so that reading an unchanged value again decodes nothing.
 *
 * An entry counts only while the stored bytes are the same ones. So the memo is right whoever writes the store, this
 * process or another, and needs no invalidation.
 *
 * It keeps two generations. A hit in the older one moves the entry to the younger, and when the younger is full it
 * becomes the older and the older is dropped: what is used stays, at the price of one map lookup.
 */
export class DecodeMemo<T> {
  readonly #limits: DecodeMemoLimits;
  #young = new Map<string, Entry<T>>();
  #old = new Map<string, Entry<T>>();
  #youngBytes = 0;

  constructor(limits: DecodeMemoLimits) {
    this.#limits = limits;
  }

  /** What `value` at `key` decodes to: remembered, or got from `decode` now. */
  get(key: Buffer, value: Uint8Array, decode: (value: Uint8Array) => T): T {
    const name = key.toString('latin1');
    const young = this.#young.get(name);
    if (young !== undefined && sameBytes(young.value, value)) return young.decoded;
    const old = this.#old.get(name);
    if (old !== undefined && sameBytes(old.value, value)) {
      this.#old.delete(name);
      this.#keep(name, old);
      return old.decoded;
    }
    // A copy, since an engine may give out a view of a page that it will use again.
    const copy = Buffer.from(value);
    const entry = { value: copy, decoded: decode(copy) };
    this.#keep(name, entry);
    return entry.decoded;
  }

  #keep(name: string, entry: Entry<T>): void {
    this.#youngBytes += entry.value.length - (this.#young.get(name)?.value.length ?? 0);
    this.#young.set(name, entry);
    if (this.#young.size <= this.#limits.entries / 2 && this.#youngBytes <= this.#limits.value_bytes / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}

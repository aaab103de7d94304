import type { KeyText } from './bytes.ts';
import { RangeSet } from './range-set.ts';

/** What is to become of a key. */
export type PendingWrite =
  | { readonly kind: 'value'; readonly value: Uint8Array }
  | { readonly kind: 'absent' }
  /** `delta` more than what lies below. */
  | { readonly kind: 'more'; readonly delta: bigint }
  /** It will depend on the commit's versionstamp, so it can't be told before. */
  | { readonly kind: 'unknown' };

export const ABSENT: PendingWrite = { kind: 'absent' };
export const UNKNOWN: PendingWrite = { kind: 'unknown' };

/** Writes that lie over a snapshot and are not part of it yet: single keys, and cleared ranges under them. */
export class Overlay {
  readonly #writes = new Map<KeyText, PendingWrite>();
  readonly #cleared = new RangeSet();
  /** The keys of `#writes` in order, once somebody has asked for the order. */
  #order: KeyText[] | undefined;

  get empty(): boolean {
    return this.#writes.size === 0 && this.#cleared.empty;
  }

  /** What is to become of `key`, or undefined when the overlay doesn't touch it. */
  get(key: KeyText): PendingWrite | undefined {
    return this.#writes.get(key) ?? (this.#cleared.contains(key) ? ABSENT : undefined);
  }

  put(key: KeyText, write: PendingWrite): void {
    if (this.#order !== undefined && !this.#writes.has(key)) {
      this.#order.splice(firstAtOrAfter(this.#order, key), 0, key);
    }
    this.#writes.set(key, write);
  }

  clearRange(begin: KeyText, end: KeyText): void {
    if (begin >= end) {
      return;
    }
    if (this.#writes.size > 0) {
      const order = this.#ordered();
      const from = firstAtOrAfter(order, begin);
      const removed = order.splice(from, firstAtOrAfter(order, end) - from);
      for (const key of removed) {
        this.#writes.delete(key);
      }
    }
    this.#cleared.add(begin, end);
  }

  /** Whether any key with `begin <= key < end` is written or cleared. */
  touches(begin: KeyText, end: KeyText): boolean {
    return this.#cleared.intersects(begin, end) || this.keysIn(begin, end).length > 0;
  }

  /** The keys that are written by themselves with `begin <= key < end`, in order. */
  keysIn(begin: KeyText, end: KeyText): KeyText[] {
    if (this.#writes.size === 0) {
      return [];
    }
    const order = this.#ordered();
    return order.slice(firstAtOrAfter(order, begin), firstAtOrAfter(order, end));
  }

  /** The ranges that were cleared, in order and apart from each other. Keys inside them may have been written since. */
  clearedRanges(): readonly { begin: KeyText; end: KeyText }[] {
    return this.#cleared.ranges();
  }

  /** Every key that is written by itself, in order. */
  *writes(): Iterable<[KeyText, PendingWrite]> {
    for (const key of this.#ordered()) {
      yield [key, this.#writes.get(key) ?? ABSENT];
    }
  }

  #ordered(): KeyText[] {
    this.#order ??= [...this.#writes.keys()].sort((left, right) => (left < right ? -1 : 1));
    return this.#order;
  }
}

/** The index of the first of the ordered `keys` that is not below `key`. */
function firstAtOrAfter(keys: readonly KeyText[], key: KeyText): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

import type { KeyText } from './bytes.ts';

export interface KeyRange {
  readonly begin: KeyText;
  readonly end: KeyText;
}

/** A set of keys, kept as ranges (`begin <= key < end`) in order, none touching another. */
export class RangeSet {
  #ranges: KeyRange[] = [];

  get empty(): boolean {
    return this.#ranges.length === 0;
  }

  ranges(): readonly KeyRange[] {
    return this.#ranges;
  }

  contains(key: KeyText): boolean {
    if (this.#ranges.length === 0) {
      return false;
    }
    const range = this.#ranges[this.#firstEndingAfter(key)];
    return range !== undefined && range.begin <= key;
  }

  intersects(begin: KeyText, end: KeyText): boolean {
    if (this.#ranges.length === 0 || begin >= end) {
      return false;
    }
    const range = this.#ranges[this.#firstEndingAfter(begin)];
    return range !== undefined && range.begin < end;
  }

  /** Adds every key of the range. */
  add(begin: KeyText, end: KeyText): void {
    if (begin >= end) {
      return;
    }
    const ranges = this.#ranges;
    let from = this.#firstEndingAfter(begin);
    // A range that ends exactly where this one begins becomes one with it.
    const before = ranges[from - 1];
    if (before !== undefined && before.end === begin) {
      from--;
    }
    let to = from;
    let merged: KeyRange = { begin, end };
    for (let range = ranges[to]; range !== undefined && range.begin <= end; range = ranges[++to]) {
      merged = { begin: lower(range.begin, merged.begin), end: higher(range.end, merged.end) };
    }
    ranges.splice(from, to - from, merged);
  }

  /** The index of the first range with an end above `key`. */
  #firstEndingAfter(key: KeyText): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && range.end <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

function lower(left: KeyText, right: KeyText): KeyText {
  return left < right ? left : right;
}

function higher(left: KeyText, right: KeyText): KeyText {
  return left < right ? right : left;
}

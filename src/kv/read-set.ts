import type { KeyText } from './bytes.ts';
import { RangeSet } from './range-set.ts';

/** What a transaction has read and relies on: single keys, and ranges of which it knows every key that is there and that no other is. */
export class ReadSet {
  readonly keys = new Set<KeyText>();
  readonly ranges = new RangeSet();

  /** Returns how many bytes this adds to the set. */
  addKey(key: KeyText): number {
    if (this.keys.has(key)) {
      return 0;
    }
    this.keys.add(key);
    return key.length;
  }

  /** Adds the range from `begin` up to, and without, `end`; returns how many bytes that counts for. */
  addRange(begin: KeyText, end: KeyText): number {
    if (begin >= end) {
      return 0;
    }
    this.ranges.add(begin, end);
    return begin.length + end.length;
  }
}

import { type KeyText, keyText } from '../bytes.ts';
import { addToCounter } from '../counter.ts';
import type { Mutation } from '../mutation.ts';
import { ABSENT, Overlay } from '../overlay.ts';
import { withVersionstamp } from '../versionstamp.ts';
import type { DataDatabase } from './environment.ts';
import type { Lease } from './lease.ts';

/** The writes of the transactions of one batch, gathered in memory until all of them are decided. */
export class Batch {
  /** The state below: that of the last commit. */
  readonly latest: Lease;
  /** What the transactions that were taken in so far write. */
  readonly ahead = new Overlay();

  constructor(latest: Lease) {
    this.latest = latest;
  }

  /** Takes one transaction's writes in, over those of the transactions before it. */
  take(mutations: readonly Mutation[], stamp: Uint8Array): void {
    for (const mutation of mutations) {
      this.#replay(mutation, stamp);
    }
  }

  /** Writes everything into `data`, in the order of the keys, within the write transaction that runs. */
  writeTo(data: DataDatabase): void {
    for (const { begin, end } of this.ahead.clearedRanges()) {
      for (const key of this.latest.keys(begin, end)) {
        void data.remove(key);
      }
    }
    for (const [key, write] of this.ahead.writes()) {
      if (write.kind === 'value') {
        void data.put(key, write.value);
      } else {
        void data.remove(key);
      }
    }
  }

  #replay(mutation: Mutation, stamp: Uint8Array): void {
    switch (mutation.kind) {
      case 'set':
        this.#put(mutation.key, mutation.value);
        break;
      case 'clear':
        this.ahead.put(mutation.key, ABSENT);
        break;
      case 'clear-range':
        this.ahead.clearRange(mutation.begin, mutation.end);
        break;
      case 'add':
        this.#put(mutation.key, addToCounter(this.#current(mutation.key), mutation.delta));
        break;
      case 'set-stamped-key':
        this.#put(keyText(withVersionstamp(mutation.key, mutation.offset, stamp)), mutation.value);
        break;
      case 'set-stamped-value':
        this.#put(mutation.key, withVersionstamp(mutation.value, mutation.offset, stamp));
        break;
    }
  }

  #put(key: KeyText, value: Uint8Array): void {
    this.ahead.put(key, { kind: 'value', value });
  }

  #current(key: KeyText): Uint8Array | undefined {
    const write = this.ahead.get(key);
    if (write === undefined) {
      return this.latest.get(key);
    }
    return write.kind === 'value' ? write.value : undefined;
  }
}

import { type KeyText, keyText } from '../bytes.ts';
import { addToCounter } from '../counter.ts';
import type { Mutation } from '../mutation.ts';
import { ABSENT, Overlay } from '../overlay.ts';
import type { ReadSet } from '../read-set.ts';
import { encodeVersionstamp, versionstampBeside, withVersionstamp } from '../versionstamp.ts';
import type { Handle } from './environment.ts';
import type { Lease } from './lease.ts';
import { unchanged, untouched } from './validate.ts';
import { writeStoredVersion } from './version.ts';
import type { Waiting } from './waiting.ts';

/** What became of a call in a batch: its versionstamp, or undefined for a conflict. */
export type Decision = { readonly versionstamp: Uint8Array } | undefined;

/** The transactions that commit together, decided one after the other in the order in which they came, in memory alone. */
export class Batch {
  /** The version on which the batch is decided. It counts only if that is still the last one when it is written. */
  readonly version_before: bigint;
  /** The version that it makes. */
  readonly version: bigint;
  readonly decisions: readonly Decision[];
  /** What the transactions that were taken in write. */
  readonly #ahead = new Overlay();
  readonly #first_stamp: Uint8Array;
  readonly #openLatest: () => Lease;
  #latest: Lease | undefined;
  #taken = 0;

  /** `openLatest` opens the newest state, which many batches don't need. */
  constructor(waiting: readonly Waiting[], version_before: bigint, openLatest: () => Lease) {
    this.version_before = version_before;
    this.version = highest(waiting, version_before) + 1n;
    this.#first_stamp = encodeVersionstamp(this.version, 0);
    this.#openLatest = openLatest;
    this.decisions = waiting.map((one) => this.#decide(one));
  }

  /** Whether there is nothing to write. */
  get empty(): boolean {
    return this.#taken === 0 && this.version === this.version_before + 1n;
  }

  /** Writes everything, in the order of the keys. */
  writeTo(handle: Handle): void {
    for (const { begin, end } of this.#ahead.clearedRanges()) {
      for (const key of this.#below().keys(begin, end)) {
        void handle.data.remove(key);
      }
    }
    for (const [key, write] of this.#ahead.writes()) {
      if (write.kind === 'value') {
        void handle.data.put(key, write.value);
      } else {
        void handle.data.remove(key);
      }
    }
    writeStoredVersion(handle.own, this.version);
  }

  /** Gives back what it has opened. */
  release(): void {
    this.#latest?.release();
    this.#latest = undefined;
  }

  #decide({ request }: Waiting): Decision {
    if (request === undefined) {
      return { versionstamp: this.#first_stamp };
    }
    const { snapshot, reads, mutations } = request;
    if (snapshot !== undefined && reads !== undefined && !this.#stillHolds(reads, snapshot)) {
      return undefined;
    }
    const versionstamp = versionstampBeside(this.#first_stamp, this.#taken++);
    for (const mutation of mutations) {
      this.#replay(mutation, versionstamp);
    }
    return { versionstamp };
  }

  /** Whether everything that was read would be read the same at this place. A snapshot of the last version needs no comparison. */
  #stillHolds(reads: ReadSet, snapshot: Lease): boolean {
    return (
      untouched(reads, this.#ahead) &&
      (snapshot.version() === this.version_before || unchanged(reads, snapshot, this.#below()))
    );
  }

  /** The state that the batch is decided on. */
  #below(): Lease {
    this.#latest ??= this.#openLatest();
    return this.#latest;
  }

  #replay(mutation: Mutation, stamp: Uint8Array): void {
    switch (mutation.kind) {
      case 'set':
        this.#put(mutation.key, mutation.value);
        break;
      case 'clear':
        this.#ahead.put(mutation.key, ABSENT);
        break;
      case 'clear-range':
        this.#ahead.clearRange(mutation.begin, mutation.end);
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
    this.#ahead.put(key, { kind: 'value', value });
  }

  #current(key: KeyText): Uint8Array | undefined {
    const write = this.#ahead.get(key);
    if (write === undefined) {
      return this.#below().get(key);
    }
    return write.kind === 'value' ? write.value : undefined;
  }
}

/** The version that the batch must rise above. */
function highest(waiting: readonly Waiting[], version_before: bigint): bigint {
  let version = version_before;
  for (const { at_least } of waiting) {
    if (at_least > version) {
      version = at_least;
    }
  }
  return version;
}

import { type KeyText, keyText } from '../bytes.ts';
import { addToCounter } from '../counter.ts';
import type { Mutation } from '../mutation.ts';
import { ABSENT, Overlay } from '../overlay.ts';
import { encodeVersionstamp, withVersionstamp } from '../versionstamp.ts';
import type { Handle } from './environment.ts';
import type { Lease } from './lease.ts';
import { stillHolds } from './validate.ts';
import { writeStoredVersion } from './version.ts';
import type { Waiting } from './waiting.ts';

/** What became of a call in a batch: its versionstamp, or undefined for a conflict. */
export type Decision = { readonly versionstamp: Uint8Array } | undefined;

/** The transactions that commit together, decided one after the other in the order in which they came, in memory alone. */
export class Batch {
  /** The state below: that of the last commit. */
  readonly #latest: Lease;
  readonly version_before: bigint;
  readonly #version: bigint;
  /** What the transactions that were taken in write. */
  readonly #ahead = new Overlay();
  readonly decisions: readonly Decision[];
  #taken = 0;

  constructor(waiting: readonly Waiting[], latest: Lease) {
    this.#latest = latest;
    this.version_before = latest.version();
    this.#version = highest(waiting, this.version_before) + 1n;
    this.decisions = waiting.map((one) => this.#decide(one));
  }

  /** Whether there is anything to write. */
  get empty(): boolean {
    return this.#taken === 0 && this.#version === this.version_before + 1n;
  }

  /** Writes everything, in the order of the keys. */
  writeTo(handle: Handle): void {
    for (const { begin, end } of this.#ahead.clearedRanges()) {
      for (const key of this.#latest.keys(begin, end)) {
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
    writeStoredVersion(handle.own, this.#version);
  }

  #decide({ request }: Waiting): Decision {
    if (request === undefined) {
      return { versionstamp: encodeVersionstamp(this.#version, 0) };
    }
    const { snapshot, reads, mutations } = request;
    if (snapshot !== undefined && reads !== undefined && !stillHolds(reads, snapshot, this.#latest, this.#ahead)) {
      return undefined;
    }
    const versionstamp = encodeVersionstamp(this.#version, this.#taken++);
    for (const mutation of mutations) {
      this.#replay(mutation, versionstamp);
    }
    return { versionstamp };
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
      return this.#latest.get(key);
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

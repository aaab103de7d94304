import type { Transaction as LmdbTransaction } from 'lmdb';
import type { KeyText } from '../bytes.ts';
import type { Snapshot, SnapshotPage } from '../snapshot.ts';
import type { KeyValue } from '../store.ts';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import type { Handle } from './environment.ts';
import { storageError } from './storage-error.ts';
import { readStoredVersion } from './version.ts';

/** A page ends when it has this much, so that one page doesn't hold up the event loop. */
const PAGE_BYTES = 512 * 1024;

/** One transaction's hold on a state of the store. */
export class Lease implements Snapshot {
  readonly #handle: Handle;
  readonly #began = performance.now();
  readonly #returned: () => void;
  readonly #options: { transaction: LmdbTransaction };
  #ended: typeof StoreErrorCode.TooOld | typeof StoreErrorCode.Closed | typeof StoreErrorCode.Misuse | undefined;

  constructor(handle: Handle, transaction: LmdbTransaction, returned: () => void) {
    this.#handle = handle;
    this.#options = { transaction };
    this.#returned = returned;
  }

  get transaction(): LmdbTransaction {
    return this.#options.transaction;
  }

  get age_ms(): number {
    return performance.now() - this.#began;
  }

  get(key: KeyText): Uint8Array | undefined {
    this.#mustLive();
    try {
      return this.#handle.data.get(key, this.#options);
    } catch (error) {
      throw storageError('A read has failed', error);
    }
  }

  scan(begin: KeyText, end: KeyText, limit: number, reverse: boolean): SnapshotPage {
    this.#mustLive();
    if (begin >= end) {
      return { pairs: [], last: true };
    }
    const bounds = reverse
      ? { start: end, end: begin, reverse, exclusiveStart: true, inclusiveEnd: true }
      : { start: begin, end };
    const pairs: KeyValue[] = [];
    let bytes = 0;
    try {
      for (const { key, value } of this.#handle.data.getRange({ ...bounds, ...this.#options })) {
        if (pairs.length >= limit || bytes >= PAGE_BYTES) {
          return { pairs, last: false };
        }
        pairs.push({ key: key as Uint8Array, value });
        bytes += key.length + value.length;
      }
    } catch (error) {
      throw storageError('A read has failed', error);
    }
    return { pairs, last: true };
  }

  /** The keys with `begin <= key < end`, in order. */
  *keys(begin: KeyText, end: KeyText): Iterable<Uint8Array> {
    this.#mustLive();
    if (begin < end) {
      for (const key of this.#handle.data.getKeys({ start: begin, end, ...this.#options })) {
        yield key as Uint8Array;
      }
    }
  }

  version(): bigint {
    this.#mustLive();
    return readStoredVersion(this.#handle.own, this.transaction);
  }

  /** Whether both are one and the same state: no commit lies between them. */
  sameState(other: Lease): boolean {
    return this.transaction === other.transaction;
  }

  release(): void {
    this.end(StoreErrorCode.Misuse);
  }

  /** Takes the snapshot away from whoever holds it: from now on reads throw `code`. */
  end(code: NonNullable<typeof this.ended>): void {
    if (this.#ended === undefined) {
      this.#ended = code;
      this.#returned();
    }
  }

  get ended() {
    return this.#ended;
  }

  #mustLive(): void {
    if (this.#ended !== undefined) {
      throw new StoreError(this.#ended, ENDED_BECAUSE[this.#ended]);
    }
  }
}

const ENDED_BECAUSE = {
  [StoreErrorCode.TooOld]: 'The transaction has taken too long: its snapshot is no longer kept.',
  [StoreErrorCode.Closed]: 'The store is closed.',
  [StoreErrorCode.Misuse]: 'The snapshot has been given back.',
} as const;

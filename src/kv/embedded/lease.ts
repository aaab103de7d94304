import type { KeyText } from '../bytes.ts';
import type { Snapshot, SnapshotPage } from '../snapshot.ts';
import type { KeyValue } from '../store.ts';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import type { State } from './state.ts';
import { storageError } from './storage-error.ts';

/** A page ends when it has this much, so that one page doesn't hold up the event loop. */
const PAGE_BYTES = 512 * 1024;

/** Why a lease is over. */
type Ending = typeof StoreErrorCode.TooOld | typeof StoreErrorCode.Closed | typeof StoreErrorCode.Misuse;

const ENDED_BECAUSE: Readonly<Record<Ending, string>> = {
  [StoreErrorCode.TooOld]: 'The transaction has taken too long: its snapshot is no longer kept.',
  [StoreErrorCode.Closed]: 'The store is closed.',
  [StoreErrorCode.Misuse]: 'The snapshot has been given back.',
};

/** One transaction's hold on a state of the store. */
export class Lease implements Snapshot {
  readonly #state: State;
  readonly #ended_with: (lease: Lease) => void;
  readonly #began = performance.now();
  #ending: Ending | undefined;
  /** Why it has ended, where more is to be said than how. */
  #why: string | undefined;

  constructor(state: State, ended_with: (lease: Lease) => void) {
    this.#state = state;
    this.#ended_with = ended_with;
  }

  get state(): State {
    return this.#state;
  }

  get age_ms(): number {
    return performance.now() - this.#began;
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  get(key: KeyText): Uint8Array | undefined {
    this.#mustLive();
    try {
      return this.#state.get(key);
    } catch (error) {
      throw storageError('A read has failed', error);
    }
  }

  scan(begin: KeyText, end: KeyText, limit: number, reverse: boolean, page_bytes = PAGE_BYTES): SnapshotPage {
    this.#mustLive();
    if (begin >= end) {
      return { pairs: [], last: true };
    }
    const { handle, options } = this.#state;
    const bounds = reverse
      ? { start: end, end: begin, reverse, exclusiveStart: true, inclusiveEnd: true }
      : { start: begin, end };
    const pairs: KeyValue[] = [];
    let bytes = 0;
    try {
      for (const { key, value } of handle.data.getRange({ ...bounds, ...options })) {
        if (pairs.length >= limit || bytes >= page_bytes) {
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
      const { handle, options } = this.#state;
      for (const key of handle.data.getKeys({ start: begin, end, ...options })) {
        yield key as Uint8Array;
      }
    }
  }

  version(): bigint {
    this.#mustLive();
    try {
      return this.#state.version();
    } catch (error) {
      throw storageError('A read has failed', error);
    }
  }

  /** Why a transaction with this snapshot can't commit any more, or undefined when it can. */
  refusal(most_ms: number): StoreError | undefined {
    const ending = this.#ending ?? (this.age_ms > most_ms ? StoreErrorCode.TooOld : undefined);
    return ending === undefined ? undefined : new StoreError(ending, ENDED_BECAUSE[ending]);
  }

  release(): void {
    this.end(StoreErrorCode.Misuse);
  }

  /** Takes the snapshot away from whoever holds it: from now on its methods throw `ending`, with `why` where that says more. */
  end(ending: Ending, why?: string): void {
    if (this.#ending === undefined) {
      this.#ending = ending;
      this.#why = why;
      this.#ended_with(this);
    }
  }

  #mustLive(): void {
    if (this.#ending !== undefined) {
      throw new StoreError(this.#ending, this.#why ?? ENDED_BECAUSE[this.#ending]);
    }
  }
}

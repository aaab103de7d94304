import type { Transaction as LmdbTransaction } from 'lmdb';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { EMBEDDED_LIMITS } from './embedded-limits.ts';
import type { Handle } from './environment.ts';
import { Lease } from './lease.ts';
import { State } from './state.ts';
import { storageError } from './storage-error.ts';

/** The most different states that one process keeps readable at a time. */
const MOST_STATES = 500;
const SWEEP_EVERY_MS = 250;
/** How often to look for processes that were killed while they held snapshots: until then no page that these see is used again. */
const LOOK_FOR_DEAD_EVERY_MS = 1_000;

/**
 * Hands out snapshots. All that are taken between two commits share one LMDB read transaction, so the slots that are
 * needed are bounded by the commits of the last seconds, not by the transactions in flight.
 */
export class Snapshots {
  readonly #handle: Handle;
  readonly #states = new Map<LmdbTransaction, State>();
  /** In the order in which they were taken, so the oldest come first. */
  readonly #leases = new Set<Lease>();
  /** Those that may get older than transactions do. */
  readonly #held = new Set<Lease>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #dead_looker: NodeJS.Timeout | undefined;
  /** Whether nobody else commits, so that a state is the newest until this process has committed. */
  readonly #alone: boolean;
  /** The newest state, as far as word of it can have reached anyone here. */
  #current: State | undefined;

  /** `alone`: nobody else commits. `looks_for_dead`: others may read, and be killed while they do. */
  constructor(
    handle: Handle,
    { alone, looks_for_dead }: { readonly alone: boolean; readonly looks_for_dead: boolean },
  ) {
    this.#handle = handle;
    this.#alone = alone;
    this.#sweeper = setInterval(() => this.#endOld(), SWEEP_EVERY_MS);
    this.#sweeper.unref();
    if (looks_for_dead) {
      this.#dead_looker = setInterval(() => handle.own.readerCheck(), LOOK_FOR_DEAD_EVERY_MS);
      this.#dead_looker.unref();
    }
  }

  /** The newest state: it holds every commit, of this process or another, whose acknowledgement can be known here. */
  take(): Lease {
    const state = this.#current ?? this.#newest();
    state.holders++;
    const lease = new Lease(state, this.#returned);
    this.#leases.add(lease);
    if (this.#states.size > MOST_STATES) {
      this.#endOldestStates();
    }
    return lease;
  }

  /** Keeps a snapshot, however old it gets, until it is given back: its transaction waits to be committed. */
  keep(lease: Lease): void {
    this.#leases.delete(lease);
  }

  /** As `take`, for a holder that says itself when it is enough. */
  hold(): Lease {
    const lease = this.take();
    this.#leases.delete(lease);
    this.#held.add(lease);
    return lease;
  }

  /** Makes the next snapshot a new look at the store. */
  readonly lookAgain = (): void => {
    if (this.#current !== undefined) {
      const state = this.#current;
      this.#current = undefined;
      state.forget();
      this.#leave(state);
    }
  };

  get count(): number {
    return this.#leases.size + this.#held.size;
  }

  /** For how long the oldest has been in use, of those whose transaction does not wait to be committed. 0 without any. */
  get oldest_ms(): number {
    const [lease] = this.#leases;
    const [held] = this.#held;
    return Math.max(lease?.age_ms ?? 0, held?.age_ms ?? 0);
  }

  close(): void {
    clearInterval(this.#sweeper);
    clearInterval(this.#dead_looker);
    this.lookAgain();
    for (const lease of [...this.#leases, ...this.#held]) {
      lease.end(StoreErrorCode.Closed);
    }
  }

  /**
   * Looks for commits of this process and of others. What is found serves until this process hears of a commit of its
   * own and, where others commit too, no longer than until the event loop turns to its next event: before that, no word
   * of a later commit can have reached anyone here.
   */
  #newest(): State {
    let state = this.#look();
    if (!this.#alone) {
      // A reader of LMDB notes the number of the last commit and copies its page later, without a lock. Held up between
      // the two for as long as two commits of other processes, it has the page of one that is not on disk yet. Then a
      // second look sees another version, until that one is.
      for (let again = this.#look(); ; again = this.#look()) {
        const settled = again.version() === state.version();
        this.#leave(state);
        state = again;
        if (settled) break;
      }
      process.nextTick(this.lookAgain);
    }
    this.#current = state;
    return state;
  }

  #look(): State {
    const transaction = this.#newestTransaction();
    let state = this.#states.get(transaction);
    if (state === undefined) {
      state = new State(this.#handle, transaction);
      this.#states.set(transaction, state);
    } else {
      // lmdb counts uses; a state is one.
      transaction.done();
    }
    state.holders++;
    return state;
  }

  /** lmdb hands its last read transaction out again when there has been no commit since, in this process or another. */
  #newestTransaction(): LmdbTransaction {
    try {
      this.#handle.own.resetReadTxn();
      return this.#handle.own.useReadTransaction();
    } catch (error) {
      if (error instanceof Error && error.message.includes('MDB_READERS_FULL')) {
        throw new StoreError(StoreErrorCode.Busy, 'All slots for snapshots are taken.', { cause: error });
      }
      throw storageError('No snapshot can be taken', error);
    }
  }

  readonly #returned = (lease: Lease): void => {
    this.#leases.delete(lease);
    this.#held.delete(lease);
    this.#leave(lease.state);
  };

  #leave(state: State): void {
    if (--state.holders === 0) {
      const { transaction } = state.options;
      this.#states.delete(transaction);
      transaction.done();
    }
  }

  #endOld(): void {
    for (const lease of this.#leases) {
      if (lease.age_ms <= EMBEDDED_LIMITS.transaction_ms) {
        return;
      }
      lease.end(StoreErrorCode.TooOld);
    }
  }

  #endOldestStates(): void {
    for (const lease of this.#leases) {
      if (this.#states.size <= MOST_STATES) {
        return;
      }
      lease.end(StoreErrorCode.TooOld);
    }
  }
}

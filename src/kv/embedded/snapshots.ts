import type { Transaction as LmdbTransaction } from 'lmdb';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { EMBEDDED_LIMITS } from './embedded-limits.ts';
import type { Handle } from './environment.ts';
import { Lease } from './lease.ts';
import { storageError } from './storage-error.ts';

/** The most different states that one process keeps readable at a time. */
const MOST_STATES = 500;
const SWEEP_EVERY_MS = 250;

/**
 * Hands out snapshots. All that are taken between two commits are one LMDB read transaction, so their number is bounded
 * by the commits of the last seconds, not by the transactions in flight.
 */
export class Snapshots {
  readonly #handle: Handle;
  /** In the order in which they were taken, so the oldest come first. */
  readonly #leases = new Set<Lease>();
  /** How many leases hold each LMDB read transaction. */
  readonly #holders = new Map<LmdbTransaction, number>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(handle: Handle) {
    this.#handle = handle;
    this.#sweeper = setInterval(() => this.#endOld(), SWEEP_EVERY_MS);
    this.#sweeper.unref();
  }

  /** The newest state, that of other processes' commits included. */
  take(): Lease {
    const transaction = this.#newest();
    const lease = new Lease(this.#handle, transaction, () => this.#returned(lease));
    this.#leases.add(lease);
    this.#holders.set(transaction, (this.#holders.get(transaction) ?? 0) + 1);
    this.#endOldestStates();
    return lease;
  }

  /** Keeps a snapshot, however old it gets, until it is given back: its transaction waits to be committed. */
  keep(lease: Lease): void {
    this.#leases.delete(lease);
  }

  get count(): number {
    return this.#leases.size;
  }

  close(): void {
    clearInterval(this.#sweeper);
    for (const lease of this.#leases) {
      lease.end(StoreErrorCode.Closed);
    }
  }

  /** lmdb hands its last read transaction out again when there has been no commit since, in this process or another. */
  #newest(): LmdbTransaction {
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

  #returned(lease: Lease): void {
    this.#leases.delete(lease);
    const transaction = lease.transaction;
    const holders = (this.#holders.get(transaction) ?? 1) - 1;
    if (holders === 0) {
      this.#holders.delete(transaction);
    } else {
      this.#holders.set(transaction, holders);
    }
    transaction.done();
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
      if (this.#holders.size <= MOST_STATES) {
        return;
      }
      lease.end(StoreErrorCode.TooOld);
    }
  }
}

import { keys } from '../../keys/key-table.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import type { Logger } from '../../observe/logger.ts';
import { recordExists } from '../../records/message-record.ts';
import { Aborted } from './aborted.ts';
import type { Clock } from './clock.ts';
import type { DoneJob, Hold } from './job.ts';
import { endJob, type JobOwner, renewJob } from './job-record.ts';

/** How often a lease is renewed before it would expire. */
const RENEWALS = 3;

export interface LeaseOptions extends JobOwner {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease_ms: number;
  /** When it was taken. */
  readonly taken_ms: number;
  /** Why the job should not go on, if it should not: asked in the transaction of each renewal. */
  readonly obstacle: (txn: Transaction) => Promise<Aborted | undefined>;
  /** Keeps in the store how far the job has come, in the transaction of each renewal and of the end. */
  readonly write: (txn: Transaction, exists: boolean) => void;
}

/**
 * A job that this process has taken. It is renewed three times before it would expire, and `signal` is aborted at once when
 * that fails: when another has it, or when it may have expired because the store did not let it be renewed in time.
 */
export class Lease implements Hold {
  readonly #options: LeaseOptions;
  readonly #abort = new AbortController();
  #cancelRenewal: () => void = () => undefined;
  #cancelDeadline: () => void = () => undefined;
  #renewing: Promise<void> | undefined;
  #ended = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#heldFrom(options.taken_ms);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(reason: Aborted): void {
    this.#abort.abort(reason);
  }

  async reconsider(): Promise<void> {
    const { store, obstacle } = this.#options;
    const why = await store.transact(obstacle);
    if (why !== undefined) this.abort(why);
  }

  /** A failure is logged, and leaves the job to expire. */
  async end(done?: DoneJob): Promise<void> {
    this.#ended = true;
    this.#cancelRenewal();
    this.#cancelDeadline();
    await this.#renewing;
    const { store, clock, logger, kind, instance_id, owner, write } = this.#options;
    try {
      await store.transact(async (txn) => {
        const exists = await isThere(txn, instance_id);
        const job = { kind, instance_id, owner, now_ms: clock.now_ms(), ...(done && { done }) };
        if ((await endJob(txn, job, exists)) || !exists) write(txn, exists);
      });
    } catch (error) {
      logger.warn('the lease on an instance could not be given back, and has to expire', { instance_id, error });
    }
  }

  #heldFrom(now_ms: number): void {
    const { clock, lease_ms } = this.#options;
    // A clock that is set back meanwhile makes no lease longer.
    const passed_ms = Math.max(0, clock.now_ms() - now_ms);
    this.#cancelDeadline();
    this.#cancelDeadline = clock.after(lease_ms - passed_ms, () => this.abort(new Aborted('lost', EXPIRED)));
    this.#renewAfter(lease_ms / RENEWALS - passed_ms);
  }

  #renewAfter(ms: number): void {
    this.#cancelRenewal = this.#options.clock.after(ms, () => {
      this.#renewing = this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { store, clock, logger, kind, instance_id, owner, lease_ms, obstacle, write } = this.#options;
    try {
      const { now_ms, stop } = await store.transact(async (txn) => {
        const now_ms = clock.now_ms();
        const exists = await isThere(txn, instance_id);
        const isOurs = await renewJob(txn, { kind, instance_id, owner, now_ms, lease_ms }, exists);
        if (!isOurs) return { now_ms, stop: new Aborted('lost', TAKEN) };
        write(txn, exists);
        return { now_ms, stop: await obstacle(txn) };
      });
      if (stop !== undefined) this.abort(stop);
      // What is not to go on has still to come to its end, and is nobody else's until then.
      if (stop?.cause_of_abort !== 'lost' && !this.#ended) this.#heldFrom(now_ms);
    } catch (error) {
      logger.warn('the lease on an instance could not be renewed', { instance_id, error });
      if (!this.#ended) this.#renewAfter(lease_ms / RENEWALS);
    }
  }
}

const EXPIRED = 'its lease expired, since the store did not let it be renewed in time';
const TAKEN = 'its lease is lost, another process has the instance';

function isThere(txn: Transaction, instance_id: string): Promise<boolean> {
  return recordExists(txn, keys.instance, { instance_id });
}

import type { Store, Transaction } from '../../kv/store.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Aborted } from './aborted.ts';
import type { Clock } from './clock.ts';
import type { Attempt, Job, JobOf, Jobs } from './job.ts';
import { type JobKind, takeJob } from './job-record.ts';
import { Lease } from './lease.ts';

export interface LeasedJobsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly kind: JobKind;
  /** This process, by a name that no other has. A job is kept under the one that it was taken by. */
  readonly owner: () => string;
  readonly lease_ms: number;
  /** Why an instance's job must not be done now, if it must not. */
  readonly obstacle: (txn: Transaction, instance_id: string) => Promise<Aborted | undefined>;
}

/** Jobs that are each done by one process at a time, of all that work on the store. */
export class LeasedJobs implements Jobs {
  readonly #options: LeasedJobsOptions;

  constructor(options: LeasedJobsOptions) {
    this.#options = options;
  }

  async take(instance_id: string, since_ms: number, jobOf: JobOf): Promise<Attempt> {
    const { store, clock, kind, lease_ms, obstacle } = this.#options;
    const owner = this.#options.owner();
    const result = await store.transact(async (txn): Promise<Exclude<Attempt, { state: 'taken' }> | Held> => {
      const began_ms = clock.now_ms();
      const instance = await findInstance(txn, instance_id);
      if (instance === undefined) return { state: 'gone' };
      const why = await obstacle(txn, instance_id);
      if (why !== undefined) return { state: 'hindered', why };
      const job = jobOf(instance, began_ms);
      if (job === undefined) return { state: 'nothing' };
      const taken = await takeJob(txn, { kind, instance_id, owner, now_ms: began_ms, lease_ms, since_ms });
      if (taken.state !== 'taken') return taken;
      job.write(txn, true);
      return { state: 'held', job, began_ms };
    });
    if (result.state !== 'held') return result;
    const { job, began_ms } = result;
    return { state: 'taken', job, began_ms, hold: this.#lease(instance_id, owner, job, began_ms) };
  }

  #lease(instance_id: string, owner: string, job: Job, taken_ms: number): Lease {
    const { obstacle, ...options } = this.#options;
    return new Lease({
      ...options,
      instance_id,
      owner,
      taken_ms,
      obstacle: (txn) => obstacle(txn, instance_id),
      write: (txn, exists) => job.write(txn, exists),
    });
  }
}

interface Held {
  readonly state: 'held';
  readonly job: Job;
  readonly began_ms: number;
}

import type { Store } from '../../kv/store.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import type { Aborted } from './aborted.ts';
import type { Clock } from './clock.ts';
import type { Attempt, Hold, JobOf, Jobs } from './job.ts';

/** Jobs that change nothing, so that nobody has to know who does them: the store is only read. */
export class UnheldJobs implements Jobs {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #lastBegan = new Map<string, number>();

  constructor({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  async take(instance_id: string, since_ms: number, jobOf: JobOf): Promise<Attempt> {
    const instance = await this.#store.transact((txn) => findInstance(txn, instance_id, { snapshot: true }));
    if (instance === undefined) {
      this.#lastBegan.delete(instance_id);
      return { state: 'gone' };
    }
    const began_ms = this.#clock.now_ms();
    const last_ctime_ms = this.#lastBegan.get(instance_id) ?? 0;
    // The clock may have been set back since.
    if (last_ctime_ms >= since_ms && last_ctime_ms <= began_ms) return { state: 'early', last_ctime_ms };
    const job = jobOf(instance, began_ms);
    if (job === undefined) return { state: 'nothing' };
    this.#lastBegan.set(instance_id, began_ms);
    return { state: 'taken', job, began_ms, hold: freely() };
  }
}

/** The right to do what needs none. */
function freely(): Hold {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: (reason: Aborted) => controller.abort(reason),
    reconsider: async () => undefined,
    end: async () => undefined,
  };
}

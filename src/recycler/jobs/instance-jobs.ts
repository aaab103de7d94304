import { keys } from '../../keys/key-table.ts';
import type { Store } from '../../kv/store.ts';
import type { Logger } from '../../observe/logger.ts';
import { scanInPages } from '../scan-in-pages.ts';
import { type AbortCause, Aborted } from './aborted.ts';
import type { Clock } from './clock.ts';
import { type Due, DueList } from './due-list.ts';
import type { Attempt, Hold, JobOf, Jobs } from './job.ts';

export interface InstanceJobsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly jobs: Jobs;
  readonly jobOf: JobOf;
  readonly first_after_ms: number;
  readonly scan_every_ms: number;
  /** How long after it was begun a job is due again. */
  readonly interval_ms: number;
  /** How long after something came between it is tried again. */
  readonly retry_ms: number;
  /** Instances at a time. */
  readonly concurrency: number;
  /** Whether an instance is one of those whose jobs begin by themselves. */
  readonly wants: (instance_id: string) => boolean;
}

/** Why something that was asked for just once is not done. */
export type NotBegun = Exclude<Attempt['state'], 'taken'> | 'full';

/** Does something for every instance from time to time, for a few of them at a time. */
export class InstanceJobs {
  readonly #options: InstanceJobsOptions;
  readonly #due = new DueList();
  readonly #attempts = new Map<string, Promise<void>>();
  readonly #holds = new Map<string, Hold>();
  /** Those that could not begin, or not go on, because they must not for now. */
  readonly #hindered = new Set<string>();
  #cancelScan: () => void = () => undefined;
  #cancelPump: () => void = () => undefined;
  #scanning: Promise<void> | undefined;
  #stopped = false;

  constructor(options: InstanceJobsOptions) {
    this.#options = options;
  }

  /** The instances that wait for their turn, or until they are due. */
  get waiting(): number {
    return this.#due.size;
  }

  /** Looks for all instances after `first_after_ms`, and from then on. */
  start(): void {
    this.#scanAfter(this.#options.first_after_ms);
  }

  /** Aborts what runs, and resolves when all of it has ended. Nothing begins any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelScan();
    this.#cancelPump();
    for (const hold of this.#holds.values()) hold.abort(stopping());
    await this.#scanning;
    await Promise.all(this.#attempts.values());
  }

  /** Has a job run as soon as it can, though it may have run not long ago, and though `wants` may not want it. */
  ask(instance_id: string): void {
    const now_ms = this.#options.clock.now_ms();
    this.#due.add(instance_id, now_ms, now_ms);
    this.#pump();
  }

  /** Begins another job for an instance at once, or not at all. It does not count as the one that is done from time to time. */
  async once(instance_id: string, jobOf: JobOf): Promise<'begun' | NotBegun> {
    if (this.#attempts.has(instance_id)) return 'busy';
    if (this.#stopped || this.#attempts.size >= this.#options.concurrency) return 'full';
    return new Promise((resolve, reject) => {
      this.#begin(instance_id, async () => {
        const attempt = await this.#options.jobs.take(instance_id, Number.POSITIVE_INFINITY, jobOf).catch(reject);
        if (attempt === undefined) return;
        resolve(attempt.state === 'taken' ? 'begun' : attempt.state);
        if (attempt.state === 'taken') await this.#run(instance_id, attempt, false);
      });
    });
  }

  /** Tries again what was hindered, and looks whether what runs may go on. */
  async reconsider(): Promise<void> {
    await Promise.all([...this.#holds.values()].map((hold) => hold.reconsider()));
    for (const instance_id of this.#hindered) this.#due.add(instance_id, this.#options.clock.now_ms());
    this.#pump();
  }

  #scanAfter(ms: number): void {
    this.#cancelScan = this.#options.clock.after(ms, () => {
      this.#scanning = this.#scan().finally(() => {
        this.#scanning = undefined;
        if (!this.#stopped) this.#scanAfter(this.#options.scan_every_ms);
      });
    });
  }

  async #scan(): Promise<void> {
    const { store, clock, logger, wants, interval_ms } = this.#options;
    try {
      for await (const page of scanInPages(store, keys.instance.range({}))) {
        if (this.#stopped) return;
        const now_ms = clock.now_ms();
        for (const { key } of page) {
          const instance_id = keys.instance.decode(key)?.instance_id;
          if (instance_id === undefined || !wants(instance_id)) continue;
          if (this.#attempts.has(instance_id)) continue;
          // One that waits for longer than that was put off by a clock that was wrong.
          this.#due.add(instance_id, this.#due.has(instance_id) ? now_ms + interval_ms + 1 : now_ms);
        }
        this.#pump();
      }
    } catch (error) {
      logger.warn('the instances could not be looked through, and will be later', { error });
    }
  }

  /** Begins what is due, as far as there is room, and comes back when more is. */
  #pump(): void {
    this.#cancelPump();
    if (this.#stopped) return;
    const { clock, concurrency } = this.#options;
    const isFree = (instance_id: string) => !this.#attempts.has(instance_id);
    while (this.#attempts.size < concurrency) {
      const due = this.#due.take(clock.now_ms(), isFree);
      if (due === undefined) break;
      this.#begin(due.instance_id, () => this.#attempt(due));
    }
    const next = this.#attempts.size < concurrency ? this.#due.next(isFree) : undefined;
    if (next !== undefined) this.#cancelPump = clock.after(next - clock.now_ms(), () => this.#pump());
  }

  #begin(instance_id: string, work: () => Promise<void>): void {
    const attempt = work().finally(() => {
      this.#attempts.delete(instance_id);
      this.#pump();
    });
    this.#attempts.set(instance_id, attempt);
  }

  async #attempt({ instance_id, asked_ms }: Due): Promise<void> {
    const { clock, logger, jobs, jobOf, interval_ms, retry_ms, wants } = this.#options;
    const again = (at_ms: number) => this.#due.add(instance_id, at_ms, asked_ms);
    this.#hindered.delete(instance_id);
    const since_ms = asked_ms === undefined ? clock.now_ms() - interval_ms : asked_ms + 1;
    const attempt = await jobs.take(instance_id, since_ms, jobOf).catch((error: unknown) => {
      logger.error('an instance could not be looked after, and will be later', { instance_id, error });
      return FAILED;
    });
    const retry_at_ms = clock.now_ms() + retry_ms;
    switch (attempt.state) {
      case 'taken': {
        const why = await this.#run(instance_id, attempt, true);
        if (why === 'paused') this.#hindered.add(instance_id);
        if (why !== undefined) again(clock.now_ms() + retry_ms);
        else if (wants(instance_id)) this.#due.add(instance_id, attempt.began_ms + interval_ms + 1);
        return;
      }
      case 'failed':
        return again(retry_at_ms);
      case 'hindered':
        this.#hindered.add(instance_id);
        return again(retry_at_ms);
      case 'busy':
        // Who asked waits until it is free; for all others it is enough to see when its owner is dead.
        return again(asked_ms === undefined ? attempt.until_ms : Math.min(attempt.until_ms, retry_at_ms));
      case 'early':
        if (wants(instance_id)) this.#due.add(instance_id, attempt.last_ctime_ms + interval_ms + 1);
    }
  }

  /** Resolves to why it ended early, if it did. */
  async #run(instance_id: string, { job, hold, began_ms }: Taken, counts: boolean): Promise<AbortCause | undefined> {
    this.#holds.set(instance_id, hold);
    if (this.#stopped) hold.abort(stopping());
    const succeeded = await job.run(hold.signal).catch((error: unknown) => {
      if (!hold.signal.aborted) this.#options.logger.error('a job failed', { instance_id, error });
      return false;
    });
    const reason: unknown = hold.signal.reason;
    await hold.end(reason !== undefined || !counts ? undefined : { began_ms, succeeded });
    this.#holds.delete(instance_id);
    return reason instanceof Aborted ? reason.cause_of_abort : undefined;
  }
}

type Taken = Extract<Attempt, { state: 'taken' }>;

const FAILED = { state: 'failed' } as const;

function stopping(): Aborted {
  return new Aborted('stopping', 'the service stops');
}

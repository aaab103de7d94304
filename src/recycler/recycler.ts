import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { findInstance } from '../meta/instance/instance-record.ts';
import type { RateLimit, RateLimiters, RequestKind } from '../objects/rate-limiters.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status as InstanceStatus } from '../schema/gen/cloud/instance_pb.ts';
import type { RecycleReportPB, RecycleReportPB_State as RoundState } from '../schema/gen/nereus/recycling_pb.ts';
import { type Control, isPaused, limitRequests, pause, readControl, resume } from './control.ts';
import { Aborted } from './jobs/aborted.ts';
import { instanceFilter } from './jobs/instance-filter.ts';
import { InstanceJobs, type NotBegun } from './jobs/instance-jobs.ts';
import { LeasedJobs } from './jobs/leased-jobs.ts';
import { Slots } from './jobs/slots.ts';
import { UnheldJobs } from './jobs/unheld-jobs.ts';
import { PlanList, type Preview, previewOf } from './preview.ts';
import type { Planned, SweepNumbers } from './progress.ts';
import type { RecyclerSettings } from './recycler-settings.ts';
import { Round, type RoundParts } from './round.ts';
import { storedReport } from './round-report.ts';
import { limitsSetter } from './set-limits.ts';
import { watchSlowSweeps } from './slow-sweeps.ts';
import type { Sweep } from './sweep.ts';
import type { Sweeps } from './sweeps.ts';
import { Totals } from './totals.ts';

export interface RecyclerOptions extends Omit<RoundParts, 'slots' | 'settings'> {
  readonly settings: RecyclerSettings;
  readonly sweeps: Sweeps;
  /** How often this process may ask object storage. */
  readonly limiters: RateLimiters;
}

/** What a process has recycled since it started. */
export interface RecyclerCounts {
  /** By the names of sweeps. */
  readonly sweeps: ReadonlyMap<string, SweepNumbers>;
  /** Rounds that have ended, by how. */
  readonly rounds: ReadonlyMap<RoundState, number>;
  readonly running: number;
  /** Instances that wait for their turn, or until they are due. */
  readonly waiting: number;
  /** When a round ended last that left nothing; 0 when none has. */
  readonly last_success_ms: number;
}

/** How many things of a dry round the log names. */
const MOST_LOGGED = 100;
/** Dry rounds that were asked for, at a time. */
const MOST_PREVIEWS = 2;

/**
 * Recycles every instance from time to time: what was dropped or has expired goes, from object storage first, then from the
 * store. An instance is recycled by one process at a time, of all that work on the store, by a lease that Doris' own recycler
 * respects, too. In a dry run no lease is taken: rounds only say what would go.
 */
export class Recycler {
  readonly #options: RecyclerOptions;
  readonly #parts: RoundParts;
  readonly #jobs: InstanceJobs;
  readonly #previews: Slots;
  readonly #setLimits: (control: Control) => void;
  readonly #rounds = new Set<Round>();
  /** The last dry round of each instance, which no store has. */
  readonly #dryRounds = new Map<string, Round>();
  readonly #totals = new Totals();
  readonly #stopping = new AbortController();
  #endWatch: () => void = () => undefined;

  constructor(options: RecyclerOptions) {
    const { settings, store, clock, logger, owner } = options;
    this.#options = options;
    this.#parts = { ...options, slots: new Slots(settings.recycle_pool_parallelism) };
    this.#previews = new Slots(MOST_PREVIEWS);
    this.#setLimits = limitsSetter(options.limiters);
    const obstacle = (txn: Transaction, instance_id: string) => this.#obstacle(txn, instance_id);
    const lease_ms = settings.recycle_job_lease_expired_ms;
    const jobs = settings.recycler_dry_run
      ? new UnheldJobs({ store, clock })
      : new LeasedJobs({ store, clock, logger, owner, lease_ms, kind: keys.jobRecycle, obstacle });
    this.#jobs = new InstanceJobs({
      ...{ store, clock, logger, jobs },
      jobOf: (instance, began_ms) => this.#roundOf(instance, began_ms),
      first_after_ms: settings.recycler_sleep_before_scheduling_seconds * 1000,
      scan_every_ms: settings.recycle_interval_seconds * 1000,
      interval_ms: settings.recycle_interval_seconds * 1000,
      retry_ms: lease_ms / 3,
      concurrency: settings.recycle_concurrency,
      wants: instanceFilter(settings),
    });
  }

  /** Whether rounds only say what would go. */
  get dry_run(): boolean {
    return this.#options.settings.recycler_dry_run;
  }

  /** This process, as it stands in the leases that it takes. */
  get owner(): string {
    return this.#options.owner();
  }

  start(): void {
    this.#endWatch = watchSlowSweeps(this.#rounds, { ...this.#options, ...this.#options.settings });
    this.#jobs.start();
  }

  /** Aborts the rounds that run, and resolves when they have ended and their leases are given back. */
  async stop(): Promise<void> {
    this.#endWatch();
    this.#stopping.abort(new Aborted('stopping', 'the service stops'));
    await this.#jobs.stop();
  }

  /** Has an instance recycled as soon as it can be, though that was not long ago, and though the lists may leave it out. */
  recycle(instance_id: string): void {
    this.#jobs.ask(instance_id);
  }

  /** Runs one sweep for an instance at once, or not at all. */
  recycleOnly(instance_id: string, sweep: string): Promise<'begun' | NotBegun> {
    return this.#jobs.once(instance_id, (instance, began_ms) => {
      const chains = this.#chainsOf(instance)?.map((chain) => chain.filter(({ name }) => name === sweep));
      return chains?.some((chain) => chain.length > 0) ? this.#round(instance, began_ms, chains) : undefined;
    });
  }

  /**
   * Says what a round would do now, the first `most` things of it one by one; or that there is no such instance, or nothing
   * done for it. Rejects with the reason of `signal` when that is aborted.
   */
  preview(instance_id: string, most: number, signal: AbortSignal): Promise<Preview | 'gone' | 'nothing'> {
    const { store, clock } = this.#options;
    return this.#previews.run(async () => {
      const instance = await store.transact((txn) => findInstance(txn, instance_id, { snapshot: true }));
      if (instance === undefined) return 'gone';
      const chains = this.#chainsOf(instance);
      if (chains === undefined) return 'nothing';
      const list = new PlanList(most);
      const plan = (sweep: string, planned: Planned) => list.add(sweep, planned);
      const parts = { ...this.#parts, slots: new Slots(1) };
      const round = new Round(parts, { instance, began_ms: clock.now_ms(), chains, dry_run: true, plan });
      await round.run(AbortSignal.any([signal, this.#stopping.signal]));
      return previewOf(round, list, clock.now_ms());
    });
  }

  /** Recycles an instance, or all of them, no more until it is resumed, in this and all other processes of Nereus. */
  pause(instance_id?: string): Promise<Control> {
    return this.#change((txn) => pause(txn, instance_id));
  }

  resume(instance_id?: string): Promise<Control> {
    return this.#change((txn) => resume(txn, instance_id));
  }

  /** Sets how often each process may ask object storage; 0 is what the settings say. */
  limitRequests(kind: RequestKind, limit: RateLimit): Promise<Control> {
    return this.#change((txn) => limitRequests(txn, kind, limit));
  }

  /** How far the last dry round of an instance in this process has come, if there was one. */
  dryReport(instance_id: string): RecycleReportPB | undefined {
    const round = this.#dryRounds.get(instance_id);
    return round && storedReport(round, this.#options.clock.now_ms());
  }

  /** What this process does, and has done since it started. */
  statistics() {
    return {
      ip_port: this.owner,
      dry_run: this.dry_run,
      running: [...this.#rounds].map(({ instance_id }) => instance_id),
      waiting: this.#jobs.waiting,
      totals: this.#totals.bySweep,
    };
  }

  /** The same for metrics: what rounds have done that still run is in it. */
  counts(): RecyclerCounts {
    const totals = this.#totals;
    return {
      sweeps: totals.bySweepWith(this.#rounds),
      rounds: totals.rounds,
      running: this.#rounds.size,
      waiting: this.#jobs.waiting,
      last_success_ms: totals.lastSuccess_ms,
    };
  }

  async #change(change: (txn: Transaction) => Promise<Control>): Promise<Control> {
    const control = await this.#options.store.transact(change);
    this.#setLimits(control);
    await this.#jobs.reconsider();
    return control;
  }

  /** Asked in each transaction in which a lease is taken or renewed: so every process hears what operators want. */
  async #obstacle(txn: Transaction, instance_id: string): Promise<Aborted | undefined> {
    const control = await readControl(txn);
    this.#setLimits(control);
    return isPaused(control, instance_id) ? new Aborted('paused', 'it is paused') : undefined;
  }

  #chainsOf({ status }: InstanceInfoPB): readonly (readonly Sweep[])[] | undefined {
    if (status === InstanceStatus.DELETED) return this.#options.sweeps.deleted;
    return status === InstanceStatus.NORMAL ? this.#options.sweeps.live : undefined;
  }

  #roundOf(instance: InstanceInfoPB, began_ms: number): Round | undefined {
    const chains = this.#chainsOf(instance);
    return chains && this.#round(instance, began_ms, chains);
  }

  #round(instance: InstanceInfoPB, began_ms: number, chains: readonly (readonly Sweep[])[]): Round {
    const { logger } = this.#options;
    const plan = new PlanList(MOST_LOGGED);
    const round = new Round(this.#parts, {
      ...{ instance, began_ms, chains, dry_run: this.dry_run },
      plan: (sweep, planned) => {
        plan.add(sweep, planned);
        if (plan.count <= MOST_LOGGED) logger.info('would go', { instance_id: instance.instanceId, sweep, ...planned });
      },
      began: () => {
        this.#rounds.add(round);
        if (this.dry_run) this.#dryRounds.set(instance.instanceId, round);
      },
      ended: () => {
        this.#rounds.delete(round);
        this.#totals.add(round);
        if (this.dry_run)
          logger.info('a dry run is through', { instance_id: instance.instanceId, would_go: plan.bySweep });
      },
    });
    return round;
  }
}

import { keys } from '../keys/key-table.ts';
import type { Store, Transaction } from '../kv/store.ts';
import type { MetaServices } from '../meta/call.ts';
import type { Logger } from '../observe/logger.ts';
import { messageOf } from '../observe/message-of.ts';
import { removeRecord, writeRecord } from '../records/message-record.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';
import {
  RecycleReportPB_State as RoundState,
  RecycleSweepPB_State as SweepState,
} from '../schema/gen/nereus/recycling_pb.ts';
import type { Clock } from './jobs/clock.ts';
import type { Job } from './jobs/job.ts';
import type { Slots } from './jobs/slots.ts';
import type { Planned } from './progress.ts';
import { type RoundReport, SweepRun, storedReport } from './round-report.ts';
import type { Sweep, SweepSettings, Vaults } from './sweep.ts';

/** What rounds work with, whichever instance they are about. */
export interface RoundParts {
  readonly store: Store;
  readonly services: MetaServices;
  readonly settings: SweepSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This process, by a name that no other has. */
  readonly owner: () => string;
  /** Opens the places where an instance keeps its objects. */
  readonly openVaults: (instance: InstanceInfoPB, signal: AbortSignal) => Promise<Vaults>;
  /** How many sweeps run at a time, over all rounds. */
  readonly slots: Slots;
}

export interface RoundOptions {
  readonly instance: InstanceInfoPB;
  readonly began_ms: number;
  /** The sweeps of a chain run one after the other, and chains beside each other. */
  readonly chains: readonly (readonly Sweep[])[];
  /** Only says what would go; `plan` is told of each thing that would. */
  readonly dry_run: boolean;
  readonly plan?: (sweep: string, planned: Planned) => void;
  /** Called when it begins to run, and when it has ended. */
  readonly began?: () => void;
  readonly ended?: () => void;
}

/** One time through the sweeps of an instance. */
export class Round implements Job, RoundReport {
  readonly began_ms: number;
  readonly ip_port: string;
  ended_ms = 0;
  state: RoundState = RoundState.RUNNING;
  reason: string | undefined;
  readonly runs: readonly SweepRun[];
  readonly #chains: readonly (readonly SweepRun[])[];
  readonly #parts: RoundParts;
  readonly #options: RoundOptions;

  constructor(parts: RoundParts, options: RoundOptions) {
    this.#parts = parts;
    this.#options = options;
    this.began_ms = options.began_ms;
    this.ip_port = parts.owner();
    const { chains, plan } = options;
    this.#chains = chains.map((chain) =>
      chain.map((sweep) => new SweepRun(sweep, plan && ((planned) => plan(sweep.name, planned)))),
    );
    this.runs = this.#chains.flat();
  }

  get instance_id(): string {
    return this.#options.instance.instanceId;
  }

  /** Runs all sweeps, each of them whatever came of the others, and resolves to whether all went well. Rejects with the signal's reason. */
  async run(signal: AbortSignal): Promise<boolean> {
    const { clock, openVaults } = this.#parts;
    const { instance, began, ended } = this.#options;
    let vaults: Vaults | undefined;
    began?.();
    try {
      signal.throwIfAborted();
      vaults = await openVaults(instance, signal);
      const opened = vaults;
      await Promise.all(this.#chains.map((chain) => this.#runChain(chain, opened, signal)));
      signal.throwIfAborted();
      this.state = this.runs.every((run) => run.succeeded) ? RoundState.SUCCEEDED : RoundState.FAILED;
    } catch (error) {
      this.state = signal.aborted ? RoundState.ABORTED : RoundState.FAILED;
      this.reason = messageOf(error);
      if (signal.aborted) throw error;
    } finally {
      vaults?.close();
      this.ended_ms = clock.now_ms();
      this.#log();
      ended?.();
    }
    return this.state === RoundState.SUCCEEDED;
  }

  write(txn: Transaction, exists: boolean): void {
    const { instance_id } = this;
    if (!exists) removeRecord(txn, keys.systemRecycleReport, { instance_id });
    else writeRecord(txn, keys.systemRecycleReport, { instance_id }, storedReport(this, this.#parts.clock.now_ms()));
  }

  async #runChain(chain: readonly SweepRun[], vaults: Vaults, signal: AbortSignal): Promise<void> {
    for (const run of chain) await this.#parts.slots.run(() => this.#runSweep(run, vaults, signal));
  }

  async #runSweep(run: SweepRun, vaults: Vaults, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { store, services, settings, clock, logger } = this.#parts;
    const { instance, dry_run } = this.#options;
    const { instance_id } = this;
    run.state = SweepState.RUNNING;
    run.began_ms = clock.now_ms();
    try {
      await run.sweep.run({
        ...{ store, services, instance_id, instance, vaults, settings, dry_run, signal },
        logger: logger.with({ instance_id, sweep: run.sweep.name }),
        now_ms: () => clock.now_ms(),
        progress: run.progress,
      });
      run.state = SweepState.DONE;
    } catch (error) {
      run.state = signal.aborted ? SweepState.ABORTED : SweepState.FAILED;
      run.failure = messageOf(error);
      if (!signal.aborted) logger.error('a sweep failed', { instance_id, sweep: run.sweep.name, error });
    } finally {
      run.ended_ms = clock.now_ms();
    }
    const { failed } = run.progress.numbers;
    if (failed > 0) {
      const { numbers, lastFailure } = run.progress;
      logger.warn('a sweep left what was due', {
        instance_id,
        sweep: run.sweep.name,
        ...numbers,
        last_failure: lastFailure,
      });
    }
  }

  #log(): void {
    const { instance_id, state, began_ms, ended_ms, reason } = this;
    const sweeps = Object.fromEntries(
      this.runs
        .filter(({ progress: { numbers } }) => numbers.found > 0 || numbers.failed > 0)
        .map((run) => [run.sweep.name, run.progress.numbers]),
    );
    const fields = {
      ...{ instance_id, state: RoundState[state].toLowerCase(), duration_ms: ended_ms - began_ms, sweeps },
      ...(this.#options.dry_run && { dry_run: true }),
      ...(reason !== undefined && { reason }),
    };
    const { logger } = this.#parts;
    if (state === RoundState.FAILED)
      logger.warn('an instance could not be recycled whole, the next round goes on', fields);
    else if (Object.keys(sweeps).length > 0 || reason !== undefined) logger.info('an instance was recycled', fields);
    else logger.debug('an instance was recycled', fields);
  }
}

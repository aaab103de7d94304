import { create } from '@bufbuild/protobuf';
import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { messageOf } from '../observe/message-of.ts';
import { removeRecord, writeRecord } from '../records/message-record.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';
import {
  type CheckReportPB,
  CheckReportPBSchema,
  RecycleReportPB_State as State,
} from '../schema/gen/nereus/recycling_pb.ts';
import { type CheckName, checkInstance } from './check/check-instance.ts';
import type { CheckReport, Finding } from './check/check-report.ts';
import type { Job } from './jobs/job.ts';
import type { RoundParts } from './round.ts';
import type { Vaults } from './sweep.ts';

/** Of each kind of finding, how many are kept. */
const MOST_KEPT = 20;

export interface CheckRunOptions extends Omit<RoundParts, 'slots' | 'settings' | 'services'> {
  readonly instance: InstanceInfoPB;
  readonly began_ms: number;
  readonly checks: readonly CheckName[];
}

/** One check of an instance. */
export class CheckRun implements Job {
  readonly #options: CheckRunOptions;
  readonly #ip_port: string;
  #state: State = State.RUNNING;
  #ended_ms = 0;
  #reason: string | undefined;
  #report: CheckReport | undefined;

  constructor(options: CheckRunOptions) {
    this.#options = options;
    this.#ip_port = options.owner();
  }

  /** Resolves to whether all is well. */
  async run(signal: AbortSignal): Promise<boolean> {
    const { store, clock, logger, instance, checks, openVaults } = this.#options;
    const { instanceId: instance_id } = instance;
    let vaults: Vaults | undefined;
    try {
      signal.throwIfAborted();
      vaults = await openVaults(instance, signal);
      const context = { store, instance_id, vaults, now_ms: () => clock.now_ms(), signal };
      this.#report = await checkInstance(context, { checks, most_kept: MOST_KEPT });
      this.#state = isWell(this.#report) ? State.SUCCEEDED : State.FAILED;
    } catch (error) {
      this.#state = signal.aborted ? State.ABORTED : State.FAILED;
      this.#reason = messageOf(error);
      if (signal.aborted) throw error;
      logger.error('an instance could not be checked', { instance_id, error });
    } finally {
      vaults?.close();
      this.#ended_ms = clock.now_ms();
      this.#log(instance_id);
    }
    return this.#state === State.SUCCEEDED;
  }

  write(txn: Transaction, exists: boolean): void {
    const { instance, began_ms } = this.#options;
    const { instanceId: instance_id } = instance;
    if (!exists) {
      removeRecord(txn, keys.systemCheckReport, { instance_id });
      return;
    }
    const report = create(CheckReportPBSchema, {
      ipPort: this.#ip_port,
      state: this.#state,
      beganMs: BigInt(began_ms),
      ...(this.#ended_ms > 0 && { endedMs: BigInt(this.#ended_ms) }),
      ...(this.#reason !== undefined && { reason: this.#reason }),
      ...(this.#report && { found: JSON.stringify(this.#report) }),
    });
    writeRecord(txn, keys.systemCheckReport, { instance_id }, report);
  }

  #log(instance_id: string): void {
    const { logger } = this.#options;
    if (this.#report === undefined) return;
    const { lost, orphaned, inconsistent, unchecked, ...counts } = this.#report;
    const found: Readonly<Record<string, number>> = {
      lost: lost.count,
      orphaned: orphaned.count,
      inconsistent: inconsistent.count,
      unchecked: unchecked.count,
    };
    if (isWell(this.#report)) {
      logger.info('an instance was checked, and all is well', { ...counts });
      return;
    }
    logger.error('an instance was checked, and not all is well', { ...counts, ...found });
    const first: Finding[] = [...lost.first, ...orphaned.first, ...inconsistent.first, ...unchecked.first];
    for (const finding of first) logger.warn('found by a check', { instance_id, ...finding });
  }
}

function isWell({ lost, orphaned, inconsistent, unchecked }: CheckReport): boolean {
  return lost.count + orphaned.count + inconsistent.count + unchecked.count === 0;
}

/** What a caller who reads JSON is told of a check. */
export function shownCheck(report: CheckReportPB): Readonly<Record<string, unknown>> {
  const { ipPort, state, beganMs, endedMs, reason, found } = report;
  return {
    ip_port: ipPort,
    state: State[state].toLowerCase(),
    began_ms: Number(beganMs),
    ...(endedMs > 0n && { ended_ms: Number(endedMs) }),
    ...(reason !== '' && { reason }),
    ...(found !== '' && { found: JSON.parse(found) }),
  };
}

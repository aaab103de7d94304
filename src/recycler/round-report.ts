import { create } from '@bufbuild/protobuf';
import {
  type RecycleReportPB,
  RecycleReportPBSchema,
  type RecycleSweepPB,
  RecycleReportPB_State as RoundState,
  RecycleSweepPB_State as SweepState,
} from '../schema/gen/nereus/recycling_pb.ts';
import { type Planned, type SweepNumbers, SweepProgress } from './progress.ts';
import type { Sweep } from './sweep.ts';

/** A sweep of a round: how far it is, and what it has done. */
export class SweepRun {
  state: SweepState = SweepState.WAITING;
  began_ms = 0;
  ended_ms = 0;
  /** Why it ended early. */
  failure: string | undefined;
  readonly progress: SweepProgress;

  constructor(
    readonly sweep: Sweep,
    plan?: (planned: Planned) => void,
  ) {
    this.progress = new SweepProgress(plan);
  }

  /** Whether it came to its end, and nothing that was due had to stay. */
  get succeeded(): boolean {
    return this.state === SweepState.DONE && this.progress.numbers.failed === 0;
  }

  /** What went wrong, if anything did. */
  get lastFailure(): string | undefined {
    return this.failure ?? this.progress.lastFailure;
  }
}

/** A round over an instance, as far as it has come. */
export interface RoundReport {
  readonly ip_port: string;
  readonly state: RoundState;
  readonly began_ms: number;
  readonly ended_ms: number;
  readonly reason: string | undefined;
  readonly runs: readonly SweepRun[];
}

/** A report as it is kept in the store. */
export function storedReport(
  { ip_port, state, began_ms, ended_ms, reason, runs }: RoundReport,
  now_ms: number,
): RecycleReportPB {
  return create(RecycleReportPBSchema, {
    ipPort: ip_port,
    state,
    beganMs: BigInt(began_ms),
    updatedMs: BigInt(now_ms),
    ...(ended_ms > 0 && { endedMs: BigInt(ended_ms) }),
    ...(reason !== undefined && { reason: shortened(reason) }),
    sweeps: runs.map(storedSweep),
  });
}

function storedSweep(run: SweepRun) {
  const { scanned, found, deleted, failed, objects, bytes } = run.progress.numbers;
  const { state, began_ms, ended_ms, lastFailure } = run;
  return {
    name: run.sweep.name,
    state,
    ...(began_ms > 0 && { beganMs: BigInt(began_ms) }),
    ...(ended_ms > 0 && { endedMs: BigInt(ended_ms) }),
    scanned: BigInt(scanned),
    found: BigInt(found),
    deleted: BigInt(deleted),
    failed: BigInt(failed),
    objects: BigInt(objects),
    bytes: BigInt(bytes),
    ...(lastFailure !== undefined && { lastFailure: shortened(lastFailure) }),
  };
}

/** What a caller who reads JSON is told of a round: numbers as numbers, times in milliseconds since 1970. */
export function shownReport(report: RecycleReportPB, now_ms: number): Readonly<Record<string, unknown>> {
  return {
    ip_port: report.ipPort,
    state: RoundState[report.state].toLowerCase(),
    began_ms: Number(report.beganMs),
    updated_ms: Number(report.updatedMs),
    ...(report.endedMs > 0n && { ended_ms: Number(report.endedMs) }),
    ...(report.reason !== '' && { reason: report.reason }),
    sweeps: report.sweeps.map((sweep) => shownSweep(sweep, now_ms)),
  };
}

function shownSweep(sweep: RecycleSweepPB, now_ms: number): Readonly<Record<string, unknown>> {
  const { name, state, beganMs, endedMs, lastFailure } = sweep;
  const numbers = {
    scanned: Number(sweep.scanned),
    found: Number(sweep.found),
    deleted: Number(sweep.deleted),
    failed: Number(sweep.failed),
    objects: Number(sweep.objects),
    bytes: Number(sweep.bytes),
  };
  const until_ms = endedMs > 0n ? Number(endedMs) : now_ms;
  return {
    name,
    state: SweepState[state].toLowerCase(),
    ...numbers,
    rate: beganMs > 0n ? rateOf(numbers, until_ms - Number(beganMs)) : 0,
    ...(beganMs > 0n && { began_ms: Number(beganMs) }),
    ...(endedMs > 0n && { ended_ms: Number(endedMs) }),
    ...(lastFailure !== '' && { last_failure: lastFailure }),
  };
}

/** Records that go in a second, to a tenth. */
function rateOf({ deleted }: Pick<SweepNumbers, 'deleted'>, took_ms: number): number {
  return Math.round((deleted * 10_000) / Math.max(took_ms, 1)) / 10;
}

/** Reports are written often, and what went wrong may quote what is long. */
const LONGEST_TEXT = 1000;

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text;
}

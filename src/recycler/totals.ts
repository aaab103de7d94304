import { RecycleReportPB_State as RoundState } from '../schema/gen/nereus/recycling_pb.ts';
import type { SweepNumbers } from './progress.ts';
import type { RoundReport, SweepRun } from './round-report.ts';

const NOTHING: SweepNumbers = { scanned: 0, found: 0, deleted: 0, failed: 0, objects: 0, bytes: 0 };

/** What the rounds of this process have done since it started. */
export class Totals {
  readonly #bySweep = new Map<string, SweepNumbers>();
  readonly #rounds = new Map<RoundState, number>();
  #lastSuccess_ms = 0;

  /** Adds a round that has ended. */
  add({ runs, state, ended_ms }: RoundReport): void {
    addRuns(this.#bySweep, runs);
    this.#rounds.set(state, (this.#rounds.get(state) ?? 0) + 1);
    if (state === RoundState.SUCCEEDED) this.#lastSuccess_ms = ended_ms;
  }

  /** By the names of sweeps. */
  get bySweep(): Readonly<Record<string, SweepNumbers>> {
    return Object.fromEntries(this.#bySweep);
  }

  /** The same, with what rounds have done so far that have not ended. */
  bySweepWith(running: Iterable<RoundReport>): ReadonlyMap<string, SweepNumbers> {
    const bySweep = new Map(this.#bySweep);
    for (const { runs } of running) addRuns(bySweep, runs);
    return bySweep;
  }

  /** How many rounds have ended, by how. */
  get rounds(): ReadonlyMap<RoundState, number> {
    return this.#rounds;
  }

  /** When the last round ended that left nothing; 0 when none has. */
  get lastSuccess_ms(): number {
    return this.#lastSuccess_ms;
  }
}

function addRuns(bySweep: Map<string, SweepNumbers>, runs: readonly SweepRun[]): void {
  for (const { sweep, progress } of runs) {
    const before = bySweep.get(sweep.name) ?? NOTHING;
    bySweep.set(sweep.name, sum(before, progress.numbers));
  }
}

function sum(one: SweepNumbers, other: SweepNumbers): SweepNumbers {
  return {
    scanned: one.scanned + other.scanned,
    found: one.found + other.found,
    deleted: one.deleted + other.deleted,
    failed: one.failed + other.failed,
    objects: one.objects + other.objects,
    bytes: one.bytes + other.bytes,
  };
}

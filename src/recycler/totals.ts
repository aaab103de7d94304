import type { SweepNumbers } from './progress.ts';
import type { SweepRun } from './round-report.ts';

const NOTHING: SweepNumbers = { scanned: 0, found: 0, deleted: 0, failed: 0, objects: 0, bytes: 0 };

/** What the sweeps of this process have done since it started, by their names. */
export class Totals {
  readonly #bySweep = new Map<string, SweepNumbers>();

  add(runs: readonly SweepRun[]): void {
    for (const { sweep, progress } of runs) {
      const before = this.#bySweep.get(sweep.name) ?? NOTHING;
      this.#bySweep.set(sweep.name, sum(before, progress.numbers));
    }
  }

  get bySweep(): Readonly<Record<string, SweepNumbers>> {
    return Object.fromEntries(this.#bySweep);
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

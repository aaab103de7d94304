import type { Planned } from './progress.ts';
import type { Round } from './round.ts';
import { shownReport, storedReport } from './round-report.ts';

/** The first things of many that would go, and how many there are. */
export class PlanList {
  readonly #most: number;
  readonly #first: (Planned & { readonly sweep: string })[] = [];
  readonly #counts = new Map<string, number>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(sweep: string, { what, why }: Planned): void {
    this.#count++;
    this.#counts.set(sweep, (this.#counts.get(sweep) ?? 0) + 1);
    if (this.#first.length < this.#most) this.#first.push({ sweep, what, why });
  }

  get first(): readonly (Planned & { readonly sweep: string })[] {
    return this.#first;
  }

  get count(): number {
    return this.#count;
  }

  get bySweep(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}

/** What a round would do, for callers who read JSON. */
export interface Preview {
  readonly instance_id: string;
  readonly dry_run: true;
  /** How many things would go, all of them counted, and how many of each sweep. */
  readonly would_go: number;
  readonly would_go_by_sweep: Readonly<Record<string, number>>;
  /** The first of them: the key of a record in hexadecimal or the path of an object, and why it would go. */
  readonly planned: readonly (Planned & { readonly sweep: string })[];
  readonly round: Readonly<Record<string, unknown>>;
}

/** What a dry round that has ended says. */
export function previewOf(round: Round, plan: PlanList, now_ms: number): Preview {
  return {
    instance_id: round.instance_id,
    dry_run: true,
    would_go: plan.count,
    would_go_by_sweep: plan.bySweep,
    planned: plan.first,
    round: shownReport(storedReport(round, now_ms), now_ms),
  };
}

import { BoundedLabels } from '../../observe/metrics/bounded-labels.ts';
import type { Family } from '../../observe/metrics/family.ts';
import { countsOf, merged, NOTHING } from '../metrics/merge.ts';
import type { Snapshot } from '../metrics/snapshot.ts';

/** A worker that has not told its figures by then stands with those that it told last. */
const COLLECTED_WITHIN_MS = 2_000;

/** Whoever has figures to tell. */
export interface Told {
  /** What it told last, if anything. */
  readonly figures: Snapshot | undefined;
  /** Asks it. Resolves when it has told them, or never will. */
  collect(): Promise<void>;
}

export interface GatheringOptions {
  readonly told: readonly Told[];
  /** What who gathers knows itself. */
  readonly own: () => readonly Family[];
  /** How many instances to tell apart. */
  readonly most_instances: number;
}

/** The figures of all workers as those of one service. What was counted once stays counted, also when its worker has ended. */
export class Gathering {
  readonly #options: GatheringOptions;
  readonly #instances: BoundedLabels;
  /** What workers had counted that have ended, until it is made one with the rest. */
  #ended: Snapshot[] = [];
  #pending: Promise<Snapshot> | undefined;

  constructor(options: GatheringOptions) {
    this.#options = options;
    this.#instances = new BoundedLabels(options.most_instances);
  }

  /** Keeps what a worker has told last that has ended. What it counted after that is lost. */
  keep(figures: Snapshot): void {
    this.#ended.push(countsOf(figures));
  }

  /** Asks all of them. Those who ask while others already do get the same. */
  gather(): Promise<Snapshot> {
    this.#pending ??= this.#gather().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #gather(): Promise<Snapshot> {
    const { told, own } = this.#options;
    await withinTime(Promise.all(told.map((one) => one.collect())));
    const before = this.#ended;
    const living = told.map(({ figures }) => figures ?? NOTHING);
    // What is added while these become one comes after them.
    const ended = await merged(before, this.#instances);
    this.#ended = [ended, ...this.#ended.slice(before.length)];
    return merged([ended, ...living, { calls: [], families: own() }], this.#instances);
  }
}

/** Resolves with `work`, or when that takes too long. */
async function withinTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise((resolve) => {
    timer = setTimeout(resolve, COLLECTED_WITHIN_MS);
  });
  await Promise.race([work, deadline]);
  clearTimeout(timer);
}

import type { Clock } from '../../../src/recycler/jobs/clock.ts';

/** A time that only a test moves. */
export class ManualClock implements Clock {
  #now_ms: number;
  readonly #timers = new Set<{ at_ms: number; readonly work: () => void }>();

  constructor(now_ms = 1_700_000_000_000) {
    this.#now_ms = now_ms;
  }

  now_ms(): number {
    return this.#now_ms;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at_ms: this.#now_ms + Math.max(ms, 0), work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Sets the clock to another time, while no time passes. */
  set(now_ms: number): void {
    const by_ms = now_ms - this.#now_ms;
    this.#now_ms = now_ms;
    for (const timer of this.#timers) timer.at_ms += by_ms;
  }

  /** Lets time pass, and calls what is due meanwhile, in its order. */
  advance(ms: number): void {
    const until_ms = this.#now_ms + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at_ms }) => at_ms <= until_ms).sort((a, b) => a.at_ms - b.at_ms);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now_ms = Math.max(this.#now_ms, next.at_ms);
      next.work();
    }
    this.#now_ms = until_ms;
  }
}

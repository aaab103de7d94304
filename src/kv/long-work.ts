import { setImmediate } from 'node:timers/promises';

/** How long work may go on before others get their turn. */
const TURN_MS = 10;

/**
 * Lets others have their turn in between, for work that may take long: what the store reads is there at once, so waiting
 * for it lets nobody else in.
 */
export class LongWork {
  #began_ms = performance.now();

  /** Whether it is time for a {@link pause}. */
  get isDue(): boolean {
    return performance.now() - this.#began_ms >= TURN_MS;
  }

  /** Resolves when others have had their turn. */
  async pause(): Promise<void> {
    await setImmediate();
    this.#began_ms = performance.now();
  }
}

import type { Awaitable } from '../awaitable.ts';

/** Lets calls have their turn one after the other, in the order in which they come. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` once all that came before have settled, and resolves or rejects as it does. */
  take<T>(work: () => Awaitable<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

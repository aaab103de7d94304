/** Lets so much work run at a time. What has to wait is let in by turns, a piece of each of those who have some waiting. */
export class FairTurns {
  readonly #most: number;
  #running = 0;
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs a piece of the work of somebody when it is its turn, and resolves or rejects as it does. */
  async run<T>(who: string, work: () => T | Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running++;
    else await this.#turnOf(who);
    try {
      return await work();
    } finally {
      this.#letNextIn();
    }
  }

  #turnOf(who: string): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#waiting.get(who);
      if (before === undefined) this.#waiting.set(who, [resolve]);
      else before.push(resolve);
    });
  }

  #letNextIn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    const [who, theirs] = next;
    // To the end of the line, as long as they have more.
    this.#waiting.delete(who);
    const letIn = theirs.shift();
    if (theirs.length > 0) this.#waiting.set(who, theirs);
    letIn?.();
  }
}

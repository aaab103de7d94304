interface Failure {
  readonly error: unknown;
  /** By the clock of the process. */
  readonly at_ms: number;
}

/** What has failed a short while ago, by name, so that it is not tried again by each of many who want it. */
export class RecentFailures {
  readonly #most_age_ms: number;
  /** The oldest first. */
  readonly #failures = new Map<string, Failure>();

  constructor(most_age_ms: number) {
    this.#most_age_ms = most_age_ms;
  }

  /** How many are kept, some of which may be too old to count. */
  get size(): number {
    return this.#failures.size;
  }

  /** Why something has failed; undefined when it has not, or too long ago. */
  of(name: string): Pick<Failure, 'error'> | undefined {
    const failure = this.#failures.get(name);
    return failure && this.#isRecent(failure) ? failure : undefined;
  }

  add(name: string, error: unknown): void {
    this.remove(name);
    for (const [other, failure] of this.#failures) {
      if (this.#isRecent(failure)) break;
      this.remove(other);
    }
    this.#failures.set(name, { error, at_ms: performance.now() });
  }

  remove(name: string): void {
    this.#failures.delete(name);
  }

  #isRecent({ at_ms }: Failure): boolean {
    return performance.now() - at_ms < this.#most_age_ms;
  }
}

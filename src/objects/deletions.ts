/** Deletes batches, a few of them side by side. The first failure ends it: nothing further is begun. */
export class Deletions {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly parallel: number) {}

  /** Begins with a batch as soon as there is room for it. Rejects when one before it has failed. */
  async add(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.parallel && !this.#failure) await Promise.race(this.#running);
    this.#throwFailure();
    const run = this.#run(work).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** Waits for all that was begun, and rejects with the first failure. */
  async end(): Promise<void> {
    await this.settled();
    this.#throwFailure();
  }

  /** Waits for all that was begun, however it ends. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

/**
 * Does pieces of work side by side, and no more than so many at a time: whoever brings one more waits until there is room
 * for it, so that what waits is never much either.
 */
export class AtATime {
  readonly #most: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves when `work` has begun. Rejects with what an earlier piece has failed with, and begins nothing then. */
  async begin(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#most) await Promise.race(this.#running);
    this.#throwFailure();
    const running = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when nothing runs any more, and nothing has failed; otherwise it rejects with the first failure. */
  async end(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Does `work` for each item, `most` at a time. Rejects with the first failure, when nothing runs any more. */
export async function eachAtATime<Item>(
  items: Iterable<Item>,
  most: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const running = new AtATime(most);
  try {
    for (const item of items) await running.begin(() => work(item));
  } finally {
    await running.end();
  }
}

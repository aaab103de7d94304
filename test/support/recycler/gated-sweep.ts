import type { Sweep, SweepContext } from '../../../src/recycler/sweep.ts';

interface End {
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

/** A sweep that runs until the test lets it end, or its signal is aborted. */
export class GatedSweep implements Sweep {
  readonly contexts: SweepContext[] = [];
  #ends: End[] = [];
  /** Whether it ends at once. */
  open = false;
  /** Whether it goes on though its signal is aborted, until it is let. */
  deaf = false;

  constructor(readonly name: string) {}

  /** How many of it run now. */
  get running(): number {
    return this.#ends.length;
  }

  /** The instances over which it has begun to run, in that order. */
  get instances(): string[] {
    return this.contexts.map(({ instance_id }) => instance_id);
  }

  async run(context: SweepContext): Promise<void> {
    this.contexts.push(context);
    if (this.open) return;
    let end: End | undefined;
    try {
      await new Promise<void>((done, fail) => {
        end = { done, fail };
        this.#ends.push(end);
        if (!this.deaf) context.signal.addEventListener('abort', () => fail(context.signal.reason), { once: true });
      });
    } finally {
      this.#ends = this.#ends.filter((one) => one !== end);
    }
  }

  /** Lets all that run come to their end. */
  finish(): void {
    for (const { done } of this.#ends) done();
  }

  fail(message: string): void {
    for (const { fail } of this.#ends) fail(new Error(message));
  }
}

import { Failure } from './failure.ts';

/** Why nobody waits for a call any longer. */
export type Impatience = 'deadline' | 'cancelled';

/** How long somebody waits for a call, over all of its attempts. To be disposed of when the call is over. */
export class Patience {
  readonly #until_ms: number;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.end('cancelled');
  readonly #listeners = new Set<(why: Impatience) => void>();
  #ended: Impatience | undefined;

  constructor(timeout_ms: number, signal?: AbortSignal) {
    this.#until_ms = performance.now() + timeout_ms;
    this.#timer = setTimeout(() => this.end('deadline'), timeout_ms);
    this.#signal = signal;
    if (signal?.aborted) this.end('cancelled');
    else signal?.addEventListener('abort', this.#onAbort);
  }

  get ended(): Impatience | undefined {
    return this.#ended;
  }

  /** At least 1, so that it can be told to the service as a timeout. */
  get remaining_ms(): number {
    return Math.max(1, Math.ceil(this.#until_ms - performance.now()));
  }

  /** Tells once when nobody waits any longer, at once if that is so already. Returns how not to be told. */
  onEnd(listener: (why: Impatience) => void): () => void {
    if (this.#ended !== undefined) {
      listener(this.#ended);
      return () => undefined;
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits, and resolves early when nobody waits any longer. */
  sleep(pause_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        off();
        resolve();
      };
      const timer = setTimeout(done, pause_ms);
      let off = () => {};
      off = this.onEnd(done);
    });
  }

  end(why: Impatience): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    const listeners = [...this.#listeners];
    this.dispose();
    for (const listener of listeners) listener(why);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#listeners.clear();
  }
}

/** What an attempt fails with when nobody waits any longer. */
export function impatient(why: Impatience, maybe_executed: boolean): Failure {
  const text = why === 'deadline' ? 'no answer in the time that the call had' : 'the call was cancelled';
  return new Failure(why, text, { maybe_executed });
}

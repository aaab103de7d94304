import { Spent } from '../kv/spent.ts';
import type { CallOrigin } from './call-origin.ts';

const NO_ORIGIN: CallOrigin = {};

/** A call while it runs: what is noted of it for whoever counts, logs and traces. Times are in milliseconds. */
export class Progress extends Spent {
  /** That of its caller, once it was found; empty for a call that concerns none. */
  instance_id = '';
  /** Transactions that were begun for it. */
  attempts = 0;
  /** Those among them that ran again what had run before. */
  retries = 0;
  /** How long it waited for its turn, or for tokens of a rate limit. */
  queue_ms = 0;
  /** How long its answer took to be encoded, where that is large. */
  encode_ms = 0;
  readonly began_ms = performance.now();
  #ended_ms = 0;

  constructor(
    readonly method: string,
    readonly origin: CallOrigin = NO_ORIGIN,
  ) {
    super();
  }

  /** Notes that it has its answer, or none. */
  end(): void {
    this.#ended_ms = performance.now();
  }

  /** Notes that the answer was encoded, which took from `end` until now. */
  encoded(): void {
    const now_ms = performance.now();
    this.encode_ms = now_ms - this.#ended_ms;
    this.#ended_ms = now_ms;
  }

  /** From its beginning to its end. */
  get duration_ms(): number {
    return this.#ended_ms - this.began_ms;
  }
}

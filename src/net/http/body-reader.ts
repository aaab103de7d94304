import type { IncomingMessage } from 'node:http';
import type { ByteBudget } from '../byte-budget.ts';
import { Chunks } from '../chunks.ts';

/** How reading a body ended: with all of it, or with why not. */
export type BodyOutcome = Buffer | 'too_large' | 'no_room' | 'gone';

/** Whether the headers announce a body. */
export function announcesBody(request: IncomingMessage): boolean {
  const { headers } = request;
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Whether the headers announce a body of more than `max_bytes`. A chunked one shows its size only as it comes. */
export function announcesTooMuch(request: IncomingMessage, max_bytes: number): boolean {
  return Number(request.headers['content-length'] ?? 0) > max_bytes;
}

/**
 * Collects the body of one request. What it holds is taken from `budget`; whoever gets the body gives it back.
 * Once the outcome is known, or after `stop`, whatever else arrives is thrown away.
 */
export class BodyReader {
  readonly #request: IncomingMessage;
  readonly #max_bytes: number;
  readonly #budget: ByteBudget;
  readonly #done: (outcome: BodyOutcome) => void;
  #chunks = new Chunks();

  constructor(
    request: IncomingMessage,
    limits: { readonly max_bytes: number; readonly budget: ByteBudget },
    done: (outcome: BodyOutcome) => void,
  ) {
    this.#request = request;
    this.#max_bytes = limits.max_bytes;
    this.#budget = limits.budget;
    this.#done = done;
  }

  start(): void {
    if (announcesTooMuch(this.#request, this.#max_bytes)) {
      this.#giveUp('too_large');
      return;
    }
    this.#request.on('data', this.#onData);
    this.#request.on('end', this.#onEnd);
    this.#request.on('close', this.#onClose);
  }

  /** Throws away what has come and what will come, without an outcome. */
  stop(): void {
    this.#detach();
    this.#budget.giveBack(this.#chunks.length);
    this.#chunks = new Chunks();
    this.#request.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#chunks.length + chunk.length > this.#max_bytes) this.#giveUp('too_large');
    else if (!this.#budget.take(chunk.length, this.#chunks.length)) this.#giveUp('no_room');
    else this.#chunks.add(chunk);
  };

  readonly #onEnd = (): void => {
    this.#detach();
    this.#done(this.#chunks.join());
  };

  readonly #onClose = (): void => this.#giveUp('gone');

  #giveUp(outcome: BodyOutcome): void {
    this.stop();
    this.#done(outcome);
  }

  #detach(): void {
    this.#request.off('data', this.#onData);
    this.#request.off('end', this.#onEnd);
    this.#request.off('close', this.#onClose);
  }
}

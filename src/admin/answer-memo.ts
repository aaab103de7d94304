import type { Store } from '../kv/store.ts';
import { StoreError } from '../kv/store-error.ts';
import type { HttpAnswer } from './http-types.ts';

const MOST_ANSWERS = 1_000;
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Remembers the answers to reads for as long as the store does not change at all: managers ask the same again and
 * again, and most of the time there is nothing new to tell. Made for engines that know their newest version; without
 * it, nothing is remembered.
 */
export class AnswerMemo {
  readonly #store: Store;
  readonly #answers = new Map<string, HttpAnswer>();
  #bytes = 0;
  #version: bigint | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The answer to `question`: remembered, or got from `ask` now. */
  async answer(question: string, ask: () => HttpAnswer | Promise<HttpAnswer>): Promise<HttpAnswer> {
    const version = this.#newestVersion();
    if (version === undefined) return ask();
    if (version !== this.#version) this.#forget(version);
    const known = this.#answers.get(question);
    if (known) return known;
    const answer = await ask();
    // If a commit came in between, no one asks for this version any more. What has failed may go well the next time.
    if (version === this.#version && answer.status === 200) this.#remember(question, answer);
    return answer;
  }

  /** Undefined also when the store can't tell now: `ask` finds out why, and answers accordingly. */
  #newestVersion(): bigint | undefined {
    try {
      return this.#store.newestVersion?.();
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  #forget(version: bigint): void {
    this.#answers.clear();
    this.#bytes = 0;
    this.#version = version;
  }

  #remember(question: string, answer: HttpAnswer): void {
    const bytes = question.length + answer.body.length;
    if (this.#answers.size >= MOST_ANSWERS || this.#bytes + bytes > MOST_BYTES) return;
    this.#answers.set(question, answer);
    this.#bytes += bytes;
  }
}

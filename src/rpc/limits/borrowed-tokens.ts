import type { Tokens } from './token-buckets.ts';

/** Asks whoever has the buckets for up to `wanted` tokens, and resolves with how many it got. */
export type Borrow = (name: string, per_second: number, wanted: number) => Promise<number>;

/** Into how many parts what comes in a second is split, so that nobody holds much that others could use. */
const PARTS = 20;
/** Tokens that have not been used by then are let go of. */
const KEPT_MS = 1_000;
const SWEEP_EVERY_MS = 10_000;

interface Purse {
  tokens: number;
  borrowed_ms: number;
  /** Those who wait for the tokens that have been asked for. */
  readonly waiting: ((taken: boolean) => void)[];
  asking: boolean;
}

/** Tokens of buckets that another process has, borrowed a few at a time: so no more are used in all than the buckets hold. */
export class BorrowedTokens implements Tokens {
  readonly #borrow: Borrow;
  readonly #purses = new Map<string, Purse>();
  readonly #now_ms: () => number;
  #swept_ms: number;

  constructor(borrow: Borrow, now_ms: () => number = () => performance.now()) {
    this.#borrow = borrow;
    this.#now_ms = now_ms;
    this.#swept_ms = now_ms();
  }

  get size(): number {
    return this.#purses.size;
  }

  take(name: string, per_second: number): boolean | Promise<boolean> {
    const now_ms = this.#now_ms();
    this.#sweep(now_ms);
    const purse = this.#purseOf(name);
    if (purse.tokens > 0 && now_ms - purse.borrowed_ms < KEPT_MS) {
      purse.tokens--;
      return true;
    }
    return new Promise((resolve) => {
      purse.waiting.push(resolve);
      if (!purse.asking) void this.#ask(name, per_second, purse);
    });
  }

  async #ask(name: string, per_second: number, purse: Purse): Promise<void> {
    purse.asking = true;
    purse.tokens = 0;
    while (purse.waiting.length > 0) {
      const asked = purse.waiting.length;
      const wanted = Math.max(asked - purse.tokens, Math.ceil(per_second / PARTS));
      purse.tokens += await this.#borrow(name, per_second, wanted);
      purse.borrowed_ms = this.#now_ms();
      for (const resolve of purse.waiting.splice(0, asked)) {
        const taken = purse.tokens > 0;
        if (taken) purse.tokens--;
        resolve(taken);
      }
    }
    purse.asking = false;
  }

  #purseOf(name: string): Purse {
    let purse = this.#purses.get(name);
    if (purse === undefined) {
      purse = { tokens: 0, borrowed_ms: 0, waiting: [], asking: false };
      this.#purses.set(name, purse);
    }
    return purse;
  }

  #sweep(now_ms: number): void {
    if (now_ms - this.#swept_ms < SWEEP_EVERY_MS) return;
    this.#swept_ms = now_ms;
    for (const [name, { asking, borrowed_ms }] of this.#purses) {
      if (!asking && now_ms - borrowed_ms >= KEPT_MS) this.#purses.delete(name);
    }
  }
}

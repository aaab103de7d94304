/** What may be done so often in a second, by a name. */
export interface Tokens {
  /** Whether there was a token left under `name`, of which there are `per_second`; it is used up then. */
  take(name: string, per_second: number): boolean | Promise<boolean>;
}

interface Bucket {
  tokens: number;
  filled_ms: number;
}

/** After so long an unused bucket is full, and says no more than one that isn't there. */
const FULL_AFTER_MS = 1_000;
const SWEEP_EVERY_MS = 10_000;

/** Buckets that fill with `per_second` tokens a second, up to what comes in one second. */
export class TokenBuckets implements Tokens {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now_ms: () => number;
  #swept_ms: number;

  /** `now_ms` is a clock that never goes back. */
  constructor(now_ms: () => number = () => performance.now()) {
    this.#now_ms = now_ms;
    this.#swept_ms = now_ms();
  }

  get size(): number {
    return this.#buckets.size;
  }

  take(name: string, per_second: number): boolean {
    return this.takeUpTo(name, per_second, 1) === 1;
  }

  /** Takes as many whole tokens as there are, but no more than `wanted`, and returns how many. */
  takeUpTo(name: string, per_second: number, wanted: number): number {
    const now_ms = this.#now_ms();
    this.#sweep(now_ms);
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = { tokens: per_second, filled_ms: now_ms };
      this.#buckets.set(name, bucket);
    }
    const came = ((now_ms - bucket.filled_ms) / 1000) * per_second;
    bucket.tokens = Math.min(per_second, bucket.tokens + came);
    bucket.filled_ms = now_ms;
    const taken = Math.min(wanted, Math.floor(bucket.tokens));
    bucket.tokens -= taken;
    return taken;
  }

  #sweep(now_ms: number): void {
    if (now_ms - this.#swept_ms < SWEEP_EVERY_MS) return;
    this.#swept_ms = now_ms;
    for (const [name, { filled_ms }] of this.#buckets) {
      if (now_ms - filled_ms >= FULL_AFTER_MS) this.#buckets.delete(name);
    }
  }
}

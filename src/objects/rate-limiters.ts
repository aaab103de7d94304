import { ObjectStoreError } from './object-store-error.ts';
import { sleep } from './sleep.ts';

/** What a request does: `get` reads and lists, `put` writes and deletes. */
export type RequestKind = 'get' | 'put';

/** Where nothing is set, there is no limit. */
export interface RateLimitSettings {
  readonly enable_s3_rate_limiter: boolean;
  /** Requests that may be made at once after a while without any. */
  readonly s3_get_bucket_tokens: number;
  readonly s3_get_token_per_second: number;
  /** Requests that may be made at all until the limit is set anew; 0 for any number. */
  readonly s3_get_token_limit: number;
  readonly s3_put_bucket_tokens: number;
  readonly s3_put_token_per_second: number;
  readonly s3_put_token_limit: number;
}

export interface RateLimit {
  readonly per_second: number;
  readonly bucket_tokens: number;
  readonly token_limit: number;
}

/** How often the places for objects of a process may be asked, all of them together. */
export class RateLimiters {
  readonly #set: Readonly<Record<RequestKind, RateLimit>>;
  readonly #now_ms: () => number;
  #buckets: Record<RequestKind, Bucket>;
  enabled: boolean;

  /** `now_ms` is a clock that never goes back. */
  constructor(settings: RateLimitSettings, now_ms: () => number = () => performance.now()) {
    this.enabled = settings.enable_s3_rate_limiter;
    this.#now_ms = now_ms;
    this.#set = {
      get: {
        per_second: settings.s3_get_token_per_second,
        bucket_tokens: settings.s3_get_bucket_tokens,
        token_limit: settings.s3_get_token_limit,
      },
      put: {
        per_second: settings.s3_put_token_per_second,
        bucket_tokens: settings.s3_put_bucket_tokens,
        token_limit: settings.s3_put_token_limit,
      },
    };
    this.#buckets = { get: new Bucket(this.#set.get, now_ms()), put: new Bucket(this.#set.put, now_ms()) };
  }

  /** The limit that holds now. */
  limit(kind: RequestKind): RateLimit {
    return this.#buckets[kind].limit;
  }

  /** Sets a limit anew; what is 0 or left out goes back to what the settings say. What was counted so far is forgotten. */
  adjust(kind: RequestKind, wanted: Partial<RateLimit>): void {
    const set = this.#set[kind];
    const limit = {
      per_second: wanted.per_second || set.per_second,
      bucket_tokens: wanted.bucket_tokens || set.bucket_tokens,
      token_limit: wanted.token_limit || set.token_limit,
    };
    this.#buckets = { ...this.#buckets, [kind]: new Bucket(limit, this.#now_ms()) };
  }

  /**
   * Waits until a request of that kind may be made. Rejects with an ObjectStoreError when no more may be made at all, and with
   * the reason of `signal` when that is aborted.
   */
  async take(kind: RequestKind, signal?: AbortSignal): Promise<void> {
    const wait_ms = this.reserve(kind);
    if (wait_ms > 0) await sleep(wait_ms, signal);
  }

  /**
   * Counts a request of that kind, and returns how long to wait before it may be made, in milliseconds. Throws an
   * ObjectStoreError when no more may be made at all.
   */
  reserve(kind: RequestKind): number {
    return this.enabled ? this.#buckets[kind].take(this.#now_ms()) : 0;
  }
}

/** Tokens that come evenly. It may owe some: whoever takes one then waits until it would have come. */
class Bucket {
  #tokens: number;
  #filled_ms: number;
  #taken = 0;

  constructor(
    readonly limit: RateLimit,
    now_ms: number,
  ) {
    this.#tokens = limit.bucket_tokens;
    this.#filled_ms = now_ms;
  }

  /** Takes a token, and returns how long to wait before it may be used. */
  take(now_ms: number): number {
    const { per_second, bucket_tokens, token_limit } = this.limit;
    if (token_limit > 0 && this.#taken >= token_limit) {
      throw new ObjectStoreError('unavailable', `all ${token_limit} requests that a rate limit allows are used up`);
    }
    this.#taken++;
    const came = ((now_ms - this.#filled_ms) / 1000) * per_second;
    this.#tokens = Math.min(bucket_tokens, this.#tokens + came) - 1;
    this.#filled_ms = now_ms;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / per_second) * 1000;
  }
}

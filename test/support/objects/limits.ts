import { RateLimiters } from '../../../src/objects/rate-limiters.ts';

/** Limits that hold nothing back. */
export function unlimited(): RateLimiters {
  return new RateLimiters({
    enable_s3_rate_limiter: false,
    s3_get_bucket_tokens: 1,
    s3_get_token_per_second: 1,
    s3_get_token_limit: 0,
    s3_put_bucket_tokens: 1,
    s3_put_token_per_second: 1,
    s3_put_token_limit: 0,
  });
}

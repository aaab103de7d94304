import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObjectStoreError } from './object-store-error.ts';
import { RateLimiters } from './rate-limiters.ts';

const SETTINGS = {
  enable_s3_rate_limiter: true,
  s3_get_bucket_tokens: 3,
  s3_get_token_per_second: 100,
  s3_get_token_limit: 0,
  s3_put_bucket_tokens: 5,
  s3_put_token_per_second: 200,
  s3_put_token_limit: 7,
};

/** When a number of requests that are wanted at once may be made, in milliseconds from now, by a clock that stands still. */
async function delays(limiters: RateLimiters, count: number): Promise<number[]> {
  const began_ms = performance.now();
  return Promise.all(
    Array.from({ length: count }, () => limiters.take('get').then(() => performance.now() - began_ms)),
  );
}

describe('rate limiters', () => {
  test('let some through at once, and those after them at their rate', async () => {
    const limiters = new RateLimiters(SETTINGS, () => 0);
    const [first, , third, fourth, , , seventh] = await delays(limiters, 7);
    expect(third).toBeLessThanOrEqual(fourth ?? 0);
    expect(first).toBeLessThan(seventh ?? 0);
    // The fourth waits for one token, the seventh for four. Timers are never early by more than their own step.
    expect(fourth).toBeGreaterThanOrEqual(10 - 2);
    expect(seventh).toBeGreaterThanOrEqual(40 - 2);
  });

  test('hold nobody back unless they are switched on, which they may be at any time', async () => {
    const limiters = new RateLimiters({ ...SETTINGS, enable_s3_rate_limiter: false, s3_put_token_limit: 1 });
    for (let i = 0; i < 100; i++) await limiters.take('put');
    limiters.enabled = true;
    await limiters.take('put');
    await expect(limiters.take('put')).rejects.toThrow(/all 1 requests/);
  });

  test('let no more through than the limit, and count reading apart from writing', async () => {
    const limiters = new RateLimiters(SETTINGS);
    await Promise.all(Array.from({ length: 7 }, () => limiters.take('put')));
    const refused = limiters.take('put');
    await expect(refused).rejects.toBeInstanceOf(ObjectStoreError);
    await expect(limiters.take('put')).rejects.toMatchObject({ fault: 'unavailable' });
    await limiters.take('get');
  });

  test('are adjusted one by one; what is 0 or left out is what the settings say', () => {
    const limiters = new RateLimiters(SETTINGS);
    limiters.adjust('get', { per_second: 9, token_limit: 4 });
    expect(limiters.limit('get')).toEqual({ per_second: 9, bucket_tokens: 3, token_limit: 4 });
    limiters.adjust('get', { per_second: 0, bucket_tokens: 8 });
    expect(limiters.limit('get')).toEqual({ per_second: 100, bucket_tokens: 8, token_limit: 0 });
    expect(limiters.limit('put')).toEqual({ per_second: 200, bucket_tokens: 5, token_limit: 7 });
  });

  test('forget what was counted when they are adjusted', async () => {
    const limiters = new RateLimiters({ ...SETTINGS, s3_put_token_limit: 1 });
    await limiters.take('put');
    limiters.adjust('put', {});
    await limiters.take('put');
  });

  test('stop waiting when the signal is aborted', async () => {
    const limiters = new RateLimiters({ ...SETTINGS, s3_get_bucket_tokens: 1, s3_get_token_per_second: 0.001 });
    const controller = new AbortController();
    await limiters.take('get', controller.signal);
    const waiting = limiters.take('get', controller.signal);
    controller.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    await expect(limiters.take('get', controller.signal)).rejects.toThrow('over');
  });

  test('give in any time no more than the bucket and what that time brings', () => {
    const step = fc.record({ pass_ms: fc.nat(400), wanted: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step, { maxLength: 100 }), (per_second, steps) => {
        let now_ms = 0;
        const limit = { s3_get_token_per_second: per_second, s3_get_bucket_tokens: 10 };
        const limiters = new RateLimiters({ ...SETTINGS, ...limit }, () => now_ms);
        const used_ms: number[] = [];
        for (const { pass_ms, wanted } of steps) {
          now_ms += pass_ms;
          for (let i = 0; i < wanted; i++) used_ms.push(now_ms + limiters.reserve('get'));
        }
        for (const [count, at_ms] of used_ms.entries()) {
          expect(count + 1).toBeLessThanOrEqual(10 + (at_ms / 1000) * per_second + 1e-6);
        }
      }),
    );
  });
});

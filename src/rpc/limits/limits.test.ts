import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { BorrowedTokens } from './borrowed-tokens.ts';
import { RateLimits } from './rate-limits.ts';
import { TokenBuckets } from './token-buckets.ts';

/** A clock that goes on when it is told to. */
function clock() {
  let ms = 1_000_000;
  return { now: () => ms, pass: (by_ms: number) => (ms += by_ms) };
}

describe('token buckets', () => {
  test('hold what comes in a second, each name its own', () => {
    const time = clock();
    const buckets = new TokenBuckets(time.now);
    const taken = (name: string) => Array.from({ length: 8 }, () => buckets.take(name, 5)).filter(Boolean).length;
    expect([taken('a'), taken('a'), taken('b')]).toEqual([5, 0, 5]);
    time.pass(200);
    expect(taken('a')).toBe(1);
    time.pass(60_000);
    expect(taken('a')).toBe(5);
  });

  test('are not kept when they are full again', () => {
    const time = clock();
    const buckets = new TokenBuckets(time.now);
    for (let i = 0; i < 1_000; i++) buckets.take(`${i}`, 5);
    expect(buckets.size).toBe(1_000);
    time.pass(10_000);
    buckets.take('last', 5);
    expect(buckets.size).toBe(1);
  });

  test('never give more in any time than one second and that time bring', () => {
    const step = fc.record({ pass_ms: fc.nat(400), wanted: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step, { maxLength: 200 }), (per_second, steps) => {
        const time = clock();
        const began_ms = time.now();
        const buckets = new TokenBuckets(time.now);
        let taken = 0;
        for (const { pass_ms, wanted } of steps) {
          time.pass(pass_ms);
          taken += buckets.takeUpTo('n', per_second, wanted);
          expect(taken).toBeLessThanOrEqual(per_second * (1 + (time.now() - began_ms) / 1000) + 1e-6);
        }
      }),
    );
  });
});

describe('borrowed tokens', () => {
  test('are together never more than the buckets hold, and one borrower alone can use nearly all', async () => {
    for (const per_second of [1, 3, 40, 1_000]) {
      const time = clock();
      const bank = new TokenBuckets(time.now);
      const borrow = async (name: string, limit: number, wanted: number) => bank.takeUpTo(name, limit, wanted);
      const borrowers = [new BorrowedTokens(borrow, time.now), new BorrowedTokens(borrow, time.now)];
      const takeMany = async (tokens: BorrowedTokens | undefined, count: number) => {
        const answers = await Promise.all(Array.from({ length: count }, () => tokens?.take('n', per_second)));
        return answers.filter(Boolean).length;
      };
      const both = await Promise.all(borrowers.map((one) => takeMany(one, per_second * 2)));
      const held = borrowers.length * Math.ceil(per_second / 20);
      const together = both.reduce((sum, one) => sum + one, 0);
      expect(together).toBeLessThanOrEqual(per_second);
      expect(together).toBeGreaterThanOrEqual(per_second - held);
      time.pass(1_000);
      expect(await takeMany(borrowers[0], per_second * 2)).toBe(per_second);
    }
  });

  test('are forgotten when they were not used', async () => {
    const time = clock();
    const bank = new TokenBuckets(time.now);
    const tokens = new BorrowedTokens(async (name, limit, wanted) => bank.takeUpTo(name, limit, wanted), time.now);
    for (let i = 0; i < 100; i++) await tokens.take(`${i}`, 100);
    expect(tokens.size).toBe(100);
    time.pass(10_000);
    await tokens.take('last', 100);
    expect(tokens.size).toBe(1);
  });
});

describe('rate limits', () => {
  const settings = {
    enable_rate_limit: true,
    default_max_qps_limit: 2,
    specific_max_qps_limit: new Map([['begin_txn', 3]]),
  };
  const admitted = (limits: RateLimits, method: string, instanceId: string) => {
    for (let calls = 0; ; calls++) {
      try {
        limits.admit(method, instanceId);
      } catch (error) {
        expect(error).toMatchObject({ code: MetaServiceCode.MAX_QPS_LIMIT, message: 'reach max qps limit' });
        return calls;
      }
      if (calls === 100) return calls;
    }
  };

  test('are those of the method, or the default, for each instance', () => {
    const time = clock();
    const limits = new RateLimits(settings, new TokenBuckets(time.now));
    expect(admitted(limits, 'begin_txn', 'a')).toBe(3);
    expect(admitted(limits, 'begin_txn', 'b')).toBe(3);
    expect(admitted(limits, 'get_version', 'a')).toBe(2);
  });

  test('are not for calls without an instance, nor when they are switched off', () => {
    expect(admitted(new RateLimits(settings), 'create_instance', '')).toBe(100);
    expect(admitted(new RateLimits({ ...settings, enable_rate_limit: false }), 'begin_txn', 'a')).toBe(100);
  });
});

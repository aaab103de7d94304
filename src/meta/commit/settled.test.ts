import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { failed } from '../meta-error.ts';
import type { LazyCommits } from './lazy-commits.ts';
import { settled, UnsettledError } from './settled.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const helped: bigint[] = [];
beforeEach(() => void helped.splice(0));

function lazyCommits(help: (txnId: bigint) => Promise<void>): LazyCommits {
  return {
    help(_, txnId) {
      helped.push(txnId);
      return help(txnId);
    },
  } as LazyCommits;
}

/** Work that meets these transactions, one after the other. */
function meeting(...txnIds: readonly bigint[]) {
  const left = [...txnIds];
  return async (waitedFor: ReadonlySet<bigint>) => {
    const next = left.shift();
    if (next !== undefined) throw new UnsettledError('i', new Set([next]));
    return [...waitedFor];
  };
}

const never = () => new Promise<void>(() => undefined);
const inMs = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('work that meets lazy commits', () => {
  test('runs again when each is finished, and is told which', async () => {
    expect(
      await settled(
        lazyCommits(async () => undefined),
        meeting(7n, 8n),
      ),
    ).toEqual([7n, 8n]);
    expect(helped).toEqual([7n, 8n]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits eight seconds for one, and then is refused as by a conflict', async () => {
    const refused = expect(settled(lazyCommits(never), meeting(7n))).rejects.toMatchObject({
      code: 1005,
      message: 'transaction 7, which comes first, is committed and not visible yet, try again',
    });
    let done = false;
    refused.finally(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(7_999);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await refused;
  });

  test('waits no longer for many than for one', async () => {
    const refused = expect(
      settled(
        lazyCommits(() => inMs(3_000)),
        meeting(7n, 8n, 9n),
      ),
    ).rejects.toThrow('transaction 9, which comes first, is committed');
    await vi.advanceTimersByTimeAsync(8_000);
    await refused;
    expect(helped).toEqual([7n, 8n, 9n]);
  });

  test('is refused with the reason when one fails, also when nobody waits any more', async () => {
    const fails = lazyCommits(async (txnId) => {
      if (txnId === 7n) await inMs(9_000);
      throw failed('no');
    });
    const late = expect(settled(fails, meeting(7n))).rejects.toMatchObject({ code: 1005 });
    await vi.advanceTimersByTimeAsync(9_000);
    await late;
    const message = "transaction 8, which comes first, can't be finished: no";
    await expect(settled(fails, meeting(8n))).rejects.toThrow(message);
  });
});

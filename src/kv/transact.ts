import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction, TransactOptions } from './store.ts';
import { StoreError } from './store-error.ts';

const DEFAULT_ATTEMPTS = 20;
const FIRST_BACKOFF_MS = 2;
const LONGEST_BACKOFF_MS = 250;

/** What `Store.transact` does, for any engine that can begin a transaction. Calls `retried` each time that `fn` is to run again. */
export async function transact<T>(
  begin: () => Transaction,
  fn: (txn: Transaction) => Promise<T>,
  options: TransactOptions = {},
  retried: () => void = () => undefined,
): Promise<T> {
  const attempts = Math.max(1, options.attempts ?? DEFAULT_ATTEMPTS);
  const { spent } = options;
  let began_ms = performance.now();
  const until_ms = began_ms + (options.within_ms ?? Number.POSITIVE_INFINITY);
  for (let attempt = 1; ; attempt++) {
    const read_ms = spent?.read_ms ?? 0;
    const commit_ms = spent?.commit_ms ?? 0;
    const txn = begin();
    try {
      const result = await fn(txn);
      await txn.commit();
      return result;
    } catch (error) {
      txn.cancel();
      const usedUp = attempt >= attempts || performance.now() >= until_ms;
      if (usedUp || !(error instanceof StoreError) || !error.retryable) {
        throw error;
      }
    }
    retried();
    await sleep(backoffMs(attempt));
    if (spent === undefined) continue;
    const failed_ms = began_ms;
    began_ms = performance.now();
    // What the attempt did was in vain, so none of it is told apart.
    Object.assign(spent, { read_ms, commit_ms, retry_ms: spent.retry_ms + began_ms - failed_ms });
  }
}

/** A random wait below a bound that doubles with each attempt, so that those who collided don't meet again. */
function backoffMs(attempt: number): number {
  return Math.random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
}

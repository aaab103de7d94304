import { setTimeout as sleep } from 'node:timers/promises';
import { type Awaitable, attempt, whenThere } from '../awaitable.ts';
import type { Spent } from './spent.ts';
import type { Transaction, TransactOptions } from './store.ts';
import { StoreError } from './store-error.ts';

const DEFAULT_ATTEMPTS = 20;
const FIRST_BACKOFF_MS = 2;
const LONGEST_BACKOFF_MS = 250;

/**
 * What `Store.transact` does, for any engine that can begin a transaction: its result at once, where all that `fn` reads is
 * there at once and nothing is written. Calls `retried` each time that `fn` is to run again.
 */
export function transact<T>(
  begin: () => Transaction,
  fn: (txn: Transaction) => Awaitable<T>,
  options: TransactOptions = {},
  retried: () => void = () => undefined,
): Awaitable<T> {
  const run = () => runOnce(begin, fn);
  const began = beginningOf(options.spent);
  return attempt(run, (error) => runAgain(run, options, began, error, retried));
}

/** Runs `fn` in a transaction, which is committed, or cancelled where anything goes wrong. */
function runOnce<T>(begin: () => Transaction, fn: (txn: Transaction) => Awaitable<T>): Awaitable<T> {
  const txn = begin();
  return attempt(
    () => whenThere(fn(txn), (result) => whenThere(txn.commit(), () => result)),
    (error) => {
      txn.cancel();
      throw error;
    },
  );
}

/** When an attempt began, and what had been spent by then. */
interface Beginning {
  readonly began_ms: number;
  readonly read_ms: number;
  readonly commit_ms: number;
}

function beginningOf(spent: Spent | undefined): Beginning {
  return { began_ms: performance.now(), read_ms: spent?.read_ms ?? 0, commit_ms: spent?.commit_ms ?? 0 };
}

/** Goes on after a first attempt, begun at `began`, that has failed with `error`. */
async function runAgain<T>(
  run: () => Awaitable<T>,
  { attempts = DEFAULT_ATTEMPTS, within_ms = Number.POSITIVE_INFINITY, spent }: TransactOptions,
  began: Beginning,
  error: unknown,
  retried: () => void,
): Promise<T> {
  const until_ms = began.began_ms + within_ms;
  let failed = { began, error };
  for (let made = 1; ; made++) {
    const usedUp = made >= attempts || performance.now() >= until_ms;
    if (usedUp || !(failed.error instanceof StoreError) || !failed.error.retryable) throw failed.error;
    retried();
    await sleep(backoffMs(made));
    if (spent !== undefined) countRetry(spent, failed.began);
    const again = beginningOf(spent);
    try {
      return await run();
    } catch (error) {
      failed = { began: again, error };
    }
  }
}

/** What an attempt did was in vain, so none of it is told apart. */
function countRetry(spent: Spent, { began_ms, read_ms, commit_ms }: Beginning): void {
  Object.assign(spent, { read_ms, commit_ms, retry_ms: spent.retry_ms + performance.now() - began_ms });
}

/** A random wait below a bound that doubles with each attempt, so that those who collided don't meet again. */
function backoffMs(attempt: number): number {
  return Math.random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
}

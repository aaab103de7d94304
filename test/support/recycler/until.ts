import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../../src/kv/store.ts';

/** Far longer than anything takes that a test waits for. */
const MOST_MS = 30_000;

/** Waits until something holds; a test that waits in vain fails. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > MOST_MS) throw new Error('what was waited for did not come');
    await sleep(2);
  }
}

const KEY = Buffer.from('\xffsettled');

/**
 * Waits until what others have begun on a store has come as far as it does without more time passing, or nearly so: to see
 * that something does not happen, or to let them hear of their commits.
 */
export async function settled(store: Store): Promise<void> {
  for (let times = 0; times < 5; times++) {
    await store.transact(async (txn) => (times % 2 === 0 ? txn.set(KEY, KEY) : txn.clear(KEY)));
    await sleep(2);
  }
  await store.transact(async (txn) => txn.clear(KEY));
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../../src/kv/store.ts';

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

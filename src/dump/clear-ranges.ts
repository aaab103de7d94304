import type { KeyRange } from '../keys/key-kind.ts';
import type { Store } from '../kv/store.ts';

/** How many keys go in one transaction: far below what it may take in bytes and in time. */
const KEYS_AT_A_TIME = 5_000;

/** Removes all pairs of these ranges, in as many transactions as it takes. */
export async function clearRanges(store: Store, ranges: readonly KeyRange[]): Promise<void> {
  for (const range of ranges) {
    let left = true;
    while (left) left = await clearSome(store, range);
  }
}

function clearSome(store: Store, { begin, end }: KeyRange): Promise<boolean> {
  return store.transact(async (txn) => {
    let found = false;
    for await (const page of txn.getRange(begin, end, { limit: KEYS_AT_A_TIME, snapshot: true })) {
      for (const { key } of page) txn.clear(key);
      found = true;
    }
    return found;
  });
}

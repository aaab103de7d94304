import type { KeyValue, Store, Transaction } from '../kv/store.ts';
import { isUnchanged } from './record-of-pair.ts';
import { slices } from './recycle-batch.ts';

/** Few enough that a transaction with their keys stays far below its limits. */
const PAIRS_PER_TRANSACTION = 500;

/**
 * Removes the keys whose value is still the one that was read, and resolves to how many that were. What has been changed in
 * between is somebody's, and stays. `besides` is called in the transaction of each pair that goes, to remove what belongs to
 * it; like any work of a transaction, it may be called again.
 */
export async function removeUnchanged(
  store: Store,
  pairs: readonly KeyValue[],
  besides?: (txn: Transaction, pair: KeyValue) => void | Promise<void>,
): Promise<number> {
  let removed = 0;
  for (const some of slices(pairs, PAIRS_PER_TRANSACTION)) {
    removed += await store.transact(async (txn) => {
      const values = await txn.getMany(some.map(({ key }) => key));
      const unchanged = some.filter((pair, i) => isUnchanged(pair, values[i]));
      for (const pair of unchanged) {
        txn.clear(pair.key);
        await besides?.(txn, pair);
      }
      return unchanged.length;
    });
  }
  return removed;
}

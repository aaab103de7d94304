import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { addToCounter } from '../../records/counter.ts';

/** Counts one more change of a table. Reads nothing, so changes of one table at the same time don't conflict for it. */
export function raiseTableVersion(txn: Transaction, instance_id: string, db_id: bigint, table_id: bigint): void {
  addToCounter(txn, keys.tableVersion, { instance_id, db_id, table_id }, 1n);
}

import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords, removeRecord } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { updateLockFields } from '../delete-bitmap/update-lock.ts';
import { MetaError } from '../meta-error.ts';
import type { TabletChanges } from './tablet-changes.ts';

/**
 * Finds that a transaction holds the locks on the delete bitmaps of tables that merge on write, expired or not as long as
 * nobody has taken them over. Throws LOCK_EXPIRED. What it returns gives the locks back, and makes the bitmaps lasting
 * that the load has written to its tablets of these tables.
 */
export async function heldLocks(
  txn: Transaction,
  instanceId: string,
  txnId: bigint,
  tableIds: readonly bigint[],
): Promise<(changes: TabletChanges) => void> {
  const tables = new Set(tableIds);
  const fields = Array.from(tables, (tableId) => updateLockFields(instanceId, tableId));
  const locks = await readRecords(txn, keys.metaDeleteBitmapUpdateLock, fields);
  for (const [i, lock] of locks.entries()) {
    if (lock === undefined) throw lockMissing(fields[i] as (typeof fields)[number]);
    if (lock.lockId !== txnId) throw new MetaError(MetaServiceCode.LOCK_EXPIRED, 'lock is expired');
  }
  return (changes) => {
    for (const lock of fields) removeRecord(txn, keys.metaDeleteBitmapUpdateLock, lock);
    for (const [tablet_id, { tablet }] of changes) {
      if (!tables.has(tablet.tableId)) continue;
      removeRecord(txn, keys.metaPendingDeleteBitmap, { instance_id: instanceId, tablet_id });
    }
  };
}

function lockMissing(fields: ReturnType<typeof updateLockFields>): MetaError {
  const key = keys.metaDeleteBitmapUpdateLock.encode(fields).toString('hex');
  const message = `get delete bitmap update lock info, lock is expired table_id=${fields.table_id} key=${key}`;
  return new MetaError(MetaServiceCode.LOCK_EXPIRED, message);
}

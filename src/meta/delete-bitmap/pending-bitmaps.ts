import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, removeRecord } from '../../records/message-record.ts';

/**
 * Removes the delete bitmaps that a load wrote to a tablet and did not commit, be it the load that is writing now. Its
 * list of them stays.
 */
export async function removePendingBitmaps(txn: Transaction, instance_id: string, tablet_id: bigint): Promise<void> {
  const pending = await readRecord(txn, keys.metaPendingDeleteBitmap, { instance_id, tablet_id });
  for (const key of pending?.deleteBitmapKeys ?? []) {
    const fields = keys.metaDeleteBitmap.decode(key);
    // Whatever a damaged list names, nothing but bitmaps of this tablet goes.
    const ofTablet = fields?.instance_id === instance_id && fields.tablet_id === tablet_id;
    if (ofTablet) removeRecord(txn, keys.metaDeleteBitmap, fields);
  }
}

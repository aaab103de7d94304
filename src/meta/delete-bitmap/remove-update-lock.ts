import { keys } from '../../keys/key-table.ts';
import { removeRecord } from '../../records/message-record.ts';
import type { RemoveDeleteBitmapUpdateLockRequest } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import type { Call } from '../call.ts';
import { mustHoldUpdateLock, updateLockFields } from './update-lock.ts';

/**
 * Gives the lock on a table's delete bitmaps back, for all who share it: whoever asks for that has failed, and the others
 * with it. Throws LOCK_EXPIRED unless the caller is one of them.
 */
export async function removeDeleteBitmapUpdateLock(
  { txn }: Call,
  request: RemoveDeleteBitmapUpdateLockRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  await mustHoldUpdateLock(txn, instanceId, request);
  removeRecord(txn, keys.metaDeleteBitmapUpdateLock, updateLockFields(instanceId, request.tableId));
  return {};
}

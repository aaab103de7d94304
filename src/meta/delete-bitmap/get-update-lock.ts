import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import {
  type DeleteBitmapUpdateLockPB,
  DeleteBitmapUpdateLockPBSchema,
  type GetDeleteBitmapUpdateLockRequest,
  type GetDeleteBitmapUpdateLockResponseSchema,
} from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type Call, nowSeconds } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { readCompactionStates } from './compaction-state.ts';
import { readUpdateLock, updateLockFields } from './update-lock.ts';

/**
 * Takes the lock on a table's delete bitmaps for so many seconds from now: a free one, one that expired, or together with
 * others one that is held under the same id. Where a load asks for it, the compaction states of its tablets are answered,
 * and stay so until the lock is taken. Throws LOCK_CONFLICT while another holds it; TABLET_NOT_FOUND.
 */
export async function getDeleteBitmapUpdateLock(
  call: Call,
  request: GetDeleteBitmapUpdateLockRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetDeleteBitmapUpdateLockResponseSchema>> {
  const { tableId, lockId, initiator } = request;
  const now = nowSeconds(call);
  const lock = lockToTake(await readUpdateLock(call.txn, instanceId, tableId), request, now);
  const indexes = request.requireCompactionStats ? request.tabletIndexes : [];
  const states = await readCompactionStates(call.txn, instanceId, indexes);
  lock.lockId = lockId;
  // Adds up as an int64 does; a time that has become negative by it, or zero, never comes.
  lock.expiration = BigInt.asIntN(64, now + request.expiration);
  if (!lock.initiators.includes(initiator)) lock.initiators.push(initiator);
  writeRecord(call.txn, keys.metaDeleteBitmapUpdateLock, updateLockFields(instanceId, tableId), lock);
  return {
    baseCompactionCnts: states.map(({ baseCompactionCnt }) => baseCompactionCnt),
    cumulativeCompactionCnts: states.map(({ cumulativeCompactionCnt }) => cumulativeCompactionCnt),
    cumulativePoints: states.map(({ cumulativePoint }) => cumulativePoint),
  };
}

/** The lock as whoever takes it now finds it: with those who share it, unless it expired. */
function lockToTake(
  held: DeleteBitmapUpdateLockPB | undefined,
  { tableId, lockId }: GetDeleteBitmapUpdateLockRequest,
  now: bigint,
): DeleteBitmapUpdateLockPB {
  if (!held) return create(DeleteBitmapUpdateLockPBSchema);
  if (held.expiration > 0n && held.expiration < now) {
    held.initiators = [];
  } else if (held.lockId !== lockId) {
    const holder = `locked by lock_id=${held.lockId} table_id=${tableId} now=${now} expiration=${held.expiration}`;
    throw new MetaError(MetaServiceCode.LOCK_CONFLICT, `already be locked. request lock_id=${lockId} ${holder}`);
  }
  return held;
}

import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type HeldLock, leaveUpdateLock, readUpdateLock, updateLockFields } from '../delete-bitmap/update-lock.ts';
import { MetaError } from '../meta-error.ts';

/**
 * Leaves the lock on delete bitmaps that a job must hold to be committed. One that expired is still held until another
 * takes it. Throws KV_TXN_GET_ERR when there is no lock, and LOCK_EXPIRED when others hold it.
 */
export async function releaseUpdateLock(
  txn: Transaction,
  instanceId: string,
  { tableId, lockId, initiator }: HeldLock,
): Promise<void> {
  const lock = await readUpdateLock(txn, instanceId, tableId);
  if (!lock) {
    const key = keys.metaDeleteBitmapUpdateLock.encode(updateLockFields(instanceId, tableId)).toString('hex');
    const place = `instance_id=${instanceId} table_id=${tableId} key=${key}`;
    const message = `failed to get delete bitmap update lock key, ${place} err=KeyNotFound`;
    throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
  }
  if (lock.lockId !== lockId) throw new MetaError(MetaServiceCode.LOCK_EXPIRED, 'lock id not match');
  if (!leaveUpdateLock(txn, instanceId, tableId, lock, initiator)) {
    throw new MetaError(MetaServiceCode.LOCK_EXPIRED, 'lock initiator not exist');
  }
}

/** Leaves the lock on delete bitmaps where a job holds it. */
export async function releaseUpdateLockIfHeld(
  txn: Transaction,
  instanceId: string,
  { tableId, lockId, initiator }: HeldLock,
): Promise<void> {
  const lock = await readUpdateLock(txn, instanceId, tableId);
  if (lock?.lockId === lockId) leaveUpdateLock(txn, instanceId, tableId, lock, initiator);
}

import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { leaveUpdateLock, readUpdateLock, updateLockFields } from '../delete-bitmap/update-lock.ts';
import { MetaError } from '../meta-error.ts';
import type { JobTablet } from './tablet-job.ts';

/** A job's share in the lock on the delete bitmaps of its tablet's table. */
export interface LockShare {
  /** Which kind of jobs holds the lock. */
  readonly lockId: bigint;
  readonly initiator: bigint;
}

type OfTable = Pick<JobTablet, 'instanceId' | 'index'>;

/**
 * Gives a share back that must be held; that the lock has expired does not matter as long as no other took it. Throws
 * KV_TXN_GET_ERR when there is no lock, and LOCK_EXPIRED when others hold it.
 */
export async function releaseShare(
  txn: Transaction,
  { instanceId, index: { tableId } }: OfTable,
  { lockId, initiator }: LockShare,
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

/** Gives a share back if it is held. */
export async function releaseShareIfHeld(
  txn: Transaction,
  { instanceId, index: { tableId } }: OfTable,
  { lockId, initiator }: LockShare,
): Promise<void> {
  const lock = await readUpdateLock(txn, instanceId, tableId);
  if (lock?.lockId === lockId) leaveUpdateLock(txn, instanceId, tableId, lock, initiator);
}

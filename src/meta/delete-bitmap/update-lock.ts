import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, removeRecord, writeRecord } from '../../records/message-record.ts';
import type { DeleteBitmapUpdateLockPB } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { MetaError } from '../meta-error.ts';

/** Who holds the lock on a table's delete bitmaps when it is no load: those that hold one of these share it. */
export const COMPACTION_LOCK_ID = -1n;
export const SCHEMA_CHANGE_LOCK_ID = -2n;

/** The lock on the delete bitmaps of all of a table's partitions. */
export function updateLockFields(instance_id: string, table_id: bigint) {
  return { instance_id, table_id, partition_id: -1n };
}

/** The lock on a table's delete bitmaps, to be changed, or undefined when nobody holds it. An expired one is still held until another takes it. */
export function readUpdateLock(
  txn: Transaction,
  instanceId: string,
  tableId: bigint,
): Awaitable<DeleteBitmapUpdateLockPB | undefined> {
  const fields = updateLockFields(instanceId, tableId);
  return readRecord(txn, keys.metaDeleteBitmapUpdateLock, fields, { editable: true });
}

/** Which lock a caller says that it holds. */
export interface HeldLock {
  readonly tableId: bigint;
  readonly lockId: bigint;
  /** Of those who share the lock. */
  readonly initiator: bigint;
}

/** Throws LOCK_EXPIRED unless a caller holds the lock that it says. One that expired is still held until another takes it. */
export async function mustHoldUpdateLock(
  txn: Transaction,
  instanceId: string,
  { tableId, lockId, initiator }: HeldLock,
): Promise<void> {
  const lock = await readUpdateLock(txn, instanceId, tableId);
  if (!lock) throw lockExpired('lock id key not found');
  if (lock.lockId !== lockId) throw lockExpired(`lock id not match, locked by lock_id=${lock.lockId}`);
  if (!lock.initiators.includes(initiator)) throw lockExpired('lock initiator not exist');
}

/** Takes one of those who share a lock off it, and removes the lock with the last of them. Answers whether it was one of them. */
export function leaveUpdateLock(
  txn: Transaction,
  instanceId: string,
  tableId: bigint,
  lock: DeleteBitmapUpdateLockPB,
  initiator: bigint,
): boolean {
  const position = lock.initiators.indexOf(initiator);
  if (position < 0) return false;
  lock.initiators.splice(position, 1);
  const fields = updateLockFields(instanceId, tableId);
  if (lock.initiators.length === 0) removeRecord(txn, keys.metaDeleteBitmapUpdateLock, fields);
  else writeRecord(txn, keys.metaDeleteBitmapUpdateLock, fields, lock);
  return true;
}

function lockExpired(message: string): MetaError {
  return new MetaError(MetaServiceCode.LOCK_EXPIRED, message);
}

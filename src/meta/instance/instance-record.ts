import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { type RecordOptions, readRecord, writeRecord } from '../../records/message-record.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status } from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { MetaError } from '../meta-error.ts';

/** The record of an instance, to be read and never changed, or undefined when there is none. */
export function findInstance(
  txn: Transaction,
  instanceId: string,
  options?: RecordOptions,
): Awaitable<InstanceInfoPB | undefined> {
  return readRecord(txn, keys.instance, { instance_id: instanceId }, options);
}

/** The record of an instance that must be there, to be read and never changed. */
export async function readInstance(
  txn: Transaction,
  instanceId: string,
  options?: RecordOptions,
): Promise<InstanceInfoPB> {
  const instance = await findInstance(txn, instanceId, options);
  if (!instance) throw instanceMissing(MetaServiceCode.KV_TXN_GET_ERR, instanceId);
  return instance;
}

/** The record of an instance that was not dropped, to be changed and given to `saveInstance`. */
export async function liveInstanceToChange(txn: Transaction, instanceId: string): Promise<InstanceInfoPB> {
  const instance = await readInstance(txn, instanceId, { editable: true });
  if (instance.status === InstanceInfoPB_Status.DELETED) throw instanceDropped();
  return instance;
}

export function saveInstance(txn: Transaction, instance: InstanceInfoPB): void {
  writeRecord(txn, keys.instance, { instance_id: instance.instanceId }, instance);
}

export function instanceMissing(code: MetaServiceCode, instanceId: string): MetaError {
  return new MetaError(code, `failed to get instance, instance_id=${instanceId} err=KeyNotFound`);
}

export function instanceDropped(code: MetaServiceCode = MetaServiceCode.CLUSTER_NOT_FOUND): MetaError {
  return new MetaError(code, 'instance status has been set delete, plz check it');
}

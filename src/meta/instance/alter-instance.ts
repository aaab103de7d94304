import {
  type AlterInstanceRequest,
  type InstanceInfoPB,
  InstanceInfoPB_Status as InstanceStatus,
  AlterInstanceRequest_Operation as Operation,
} from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type Call, nowSeconds } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { findInstance, readInstance, saveInstance } from './instance-record.ts';

type Change = (instance: InstanceInfoPB, request: AlterInstanceRequest) => void;

/** What each operation changes. All but a new name are changes of the instance's state, and set its time. */
const CHANGES: Partial<Record<Operation, Change>> = {
  [Operation.DROP]: drop,
  [Operation.RENAME]: rename,
  [Operation.ENABLE_SSE]: (instance) => switchSse(instance, true),
  [Operation.DISABLE_SSE]: (instance) => switchSse(instance, false),
  [Operation.SET_OVERDUE]: setOverdue,
  [Operation.SET_NORMAL]: setNormal,
};

/** Drops, renames or pauses an instance, or switches the encryption of its stored data. */
export async function alterInstance(call: Call, request: AlterInstanceRequest): Promise<Record<string, never>> {
  if (request.op === Operation.REFRESH) return refresh(call, request);
  const change = CHANGES[request.op];
  if (!change) throw invalid(`invalid request op, op=${request.op}`);
  if (request.instanceId === '') throw invalid('instance id not set');
  const instance = await findInstance(call.txn, request.instanceId, { editable: true });
  if (!instance) {
    const message = `instance not existed, instance_id=${request.instanceId}, err=KeyNotFound`;
    throw new MetaError(MetaServiceCode.CLUSTER_NOT_FOUND, message);
  }
  change(instance, request);
  if (request.op !== Operation.RENAME) instance.mtime = nowSeconds(call);
  saveInstance(call.txn, instance);
  return {};
}

/** Another Meta Service on the same store says that it has changed the nodes of an instance. */
async function refresh(call: Call, request: AlterInstanceRequest): Promise<Record<string, never>> {
  await readInstance(call.txn, request.instanceId);
  await call.nodes.change(call.txn, request.instanceId);
  return {};
}

/** Marks the instance; what it stored is reclaimed later, in the background. */
function drop(instance: InstanceInfoPB): void {
  if (instance.clusters.length > 0) throw invalid('failed to drop instance, instance has clusters');
  instance.status = InstanceStatus.DELETED;
}

function rename(instance: InstanceInfoPB, request: AlterInstanceRequest): void {
  if (request.name === '') throw invalid('rename instance name, but not set');
  instance.name = request.name;
}

function switchSse(instance: InstanceInfoPB, enabled: boolean): void {
  if (instance.sseEnabled === enabled) {
    const what = enabled ? 'enable' : 'disable';
    throw invalid(`failed to ${what} sse, instance has ${what}d sse`);
  }
  instance.sseEnabled = enabled;
  for (const store of instance.objInfo) store.sseEnabled = enabled;
}

function setOverdue(instance: InstanceInfoPB, request: AlterInstanceRequest): void {
  if (instance.status === InstanceStatus.DELETED) {
    throw invalid(`can't set deleted instance to overdue, instance_id = ${request.instanceId}`);
  }
  if (instance.status === InstanceStatus.OVERDUE) {
    throw invalid(`the instance has already set  instance to overdue, instance_id = ${request.instanceId}`);
  }
  instance.status = InstanceStatus.OVERDUE;
}

function setNormal(instance: InstanceInfoPB, request: AlterInstanceRequest): void {
  if (instance.status === InstanceStatus.DELETED) {
    throw invalid(`can't set deleted instance to normal, instance_id = ${request.instanceId}`);
  }
  if (instance.status === InstanceStatus.NORMAL) {
    throw invalid(`the instance is already normal, instance_id = ${request.instanceId}`);
  }
  instance.status = InstanceStatus.NORMAL;
}

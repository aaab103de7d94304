import { clone, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type GetInstanceRequest,
  type GetInstanceResponseSchema,
  type InstanceInfoPB,
  InstanceInfoPBSchema,
} from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { openIamUser, openRamUser } from '../iam/ram-user.ts';
import { resolveInstance } from '../identity/resolve-instance.ts';
import { MetaError } from '../meta-error.ts';
import { openObjectStore } from '../vault/object-store.ts';
import { findInstance, readInstance } from './instance-record.ts';

/** The record of the caller's instance as it is stored, its secrets encrypted. */
export async function getInstance(
  call: Call,
  _request: GetInstanceRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetInstanceResponseSchema>> {
  return { instance: await readInstance(call.txn, instanceId) };
}

/** The record of an instance as an operator is shown it: with secrets in the clear, and with the IAM user. */
export async function describeInstance(call: Call, instanceId: string, cloudUniqueId: string): Promise<InstanceInfoPB> {
  const wanted = instanceId === '' ? await instanceOfNode(call, cloudUniqueId) : instanceId;
  const stored = await findInstance(call.txn, wanted);
  if (!stored) {
    const message = `failed to get instance, info=failed to get instance, instance_id=${wanted} err=KeyNotFound`;
    throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
  }
  return openInstance(call, stored, wanted);
}

async function instanceOfNode(call: Call, cloudUniqueId: string): Promise<string> {
  if (cloudUniqueId === '') {
    throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, 'empty instance_id and cloud_unique_id');
  }
  const instanceId = await resolveInstance(call, cloudUniqueId);
  if (instanceId !== undefined) return instanceId;
  const message = `cannot find instance_id with cloud_unique_id=${cloudUniqueId}`;
  throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, message);
}

async function openInstance(call: Call, stored: InstanceInfoPB, instanceId: string): Promise<InstanceInfoPB> {
  const instance = clone(InstanceInfoPBSchema, stored);
  instance.objInfo = await Promise.all(instance.objInfo.map((store) => openObjectStore(call, store)));
  if (instance.ramUser) instance.ramUser = await openRamUser(call, instance.ramUser);
  instance.iamUser = await openIamUser(call, instanceId);
  for (const stage of instance.stages) {
    if (stage.objInfo) stage.objInfo = await openObjectStore(call, stage.objInfo);
  }
  return instance;
}

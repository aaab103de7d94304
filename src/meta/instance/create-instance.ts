import { clone, create } from '@bufbuild/protobuf';
import {
  type CreateInstanceRequest,
  type InstanceInfoPB,
  InstanceInfoPB_Status,
  InstanceInfoPBSchema,
} from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type StorageVaultPB, StorageVaultPBSchema } from '../../schema/gen/cloud/vault_pb.ts';
import type { Call } from '../call.ts';
import { sealRamUser } from '../iam/ram-user.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { newHdfsVault } from '../vault/hdfs-vault.ts';
import { newObjectStore } from '../vault/object-store.ts';
import { newS3Vault } from '../vault/s3-vault.ts';
import { addVault, BUILT_IN_VAULT_NAME } from '../vault/vault-record.ts';
import { findInstance, saveInstance } from './instance-record.ts';

/** Creates an instance, with a legacy object store, a first vault, or nowhere to store data yet. */
export async function createInstance(call: Call, request: CreateInstanceRequest): Promise<Record<string, never>> {
  const { instanceId, userId, name, sseEnabled, ramUser, objInfo, vault } = request;
  if (ramUser && [ramUser.userId, ramUser.ak, ramUser.sk].includes('')) {
    throw invalid('ram user info err, please check it');
  }
  const instance = create(InstanceInfoPBSchema, {
    instanceId,
    userId,
    name,
    sseEnabled,
    status: InstanceInfoPB_Status.NORMAL,
    enableStorageVault: objInfo === undefined,
  });
  if (objInfo) instance.objInfo.push(await newObjectStore(call, instance, objInfo, sseEnabled));
  if (ramUser) instance.ramUser = await sealRamUser(call, ramUser);
  if (instanceId === '') throw invalid('instance id not set');
  if (vault) addVault(call, instance, await builtInVault(call, instance, vault));
  if (await findInstance(call.txn, instanceId)) {
    throw new MetaError(MetaServiceCode.ALREADY_EXISTED, `instance already existed, instance_id=${instanceId}`);
  }
  saveInstance(call.txn, instance);
  return {};
}

function builtInVault(call: Call, instance: InstanceInfoPB, given: StorageVaultPB): Promise<StorageVaultPB> {
  const vault = clone(StorageVaultPBSchema, given);
  vault.name = BUILT_IN_VAULT_NAME;
  return vault.hdfsInfo ? newHdfsVault(call, instance, vault) : newS3Vault(call, instance, vault);
}

import { clearField, clone, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { scanRecords } from '../../records/scan-records.ts';
import { ObjectStoreInfoPBSchema } from '../../schema/gen/cloud/object_store_pb.ts';
import {
  type GetObjStoreInfoRequest,
  type GetObjStoreInfoResponseSchema,
  type StorageVaultPB,
  StorageVaultPBSchema,
} from '../../schema/gen/cloud/vault_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { readInstance } from '../instance/instance-record.ts';
import { openObjectStore } from './object-store.ts';

/** Where an instance stores its data, with the keys in the clear: frontends and backends read and write with them. */
export async function getObjStoreInfo(
  call: Call,
  _request: GetObjStoreInfoRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetObjStoreInfoResponseSchema>> {
  const instance = await readInstance(call.txn, instanceId);
  const objInfo = await Promise.all(instance.objInfo.map((store) => openObjectStore(call, store)));
  const storageVault = instance.resourceIds.length > 0 ? await openVaults(call, instanceId) : [];
  const { enableStorageVault, defaultStorageVaultId, defaultStorageVaultName } = instance;
  return {
    enableStorageVault,
    objInfo,
    storageVault,
    ...(isSet(instance, 'defaultStorageVaultId') && { defaultStorageVaultId, defaultStorageVaultName }),
  };
}

async function openVaults(call: Call, instanceId: string): Promise<StorageVaultPB[]> {
  const vaults: StorageVaultPB[] = [];
  for await (const { message } of scanRecords(call.txn, keys.storageVault, { instance_id: instanceId })) {
    const vault = clone(StorageVaultPBSchema, message);
    if (vault.objInfo) vault.objInfo = await openObjectStore(call, vault.objInfo);
    // Beside HDFS, Doris answers an object store as it was given: it says nothing of how its key is kept.
    if (vault.objInfo && vault.hdfsInfo) clearField(vault.objInfo, ObjectStoreInfoPBSchema.field.encryptionInfo);
    vaults.push(vault);
  }
  return vaults;
}

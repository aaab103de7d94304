import { keys } from '../../keys/key-table.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { StorageVaultPB } from '../../schema/gen/cloud/vault_pb.ts';
import type { Call } from '../call.ts';
import { MetaError } from '../meta-error.ts';

/** The vault that an instance created with a vault has from the start. */
export const BUILT_IN_VAULT_NAME = 'built_in_storage_vault';

const VAULT_NAME = /^[a-zA-Z][0-9a-zA-Z_]*$/;

/** Where the vault of that name stands in the two parallel lists of its instance, or -1. */
export function vaultPosition(instance: InstanceInfoPB, name: string): number {
  return instance.storageVaultNames.indexOf(name);
}

export function requireFreeVaultName(instance: InstanceInfoPB, name: string): void {
  if (vaultPosition(instance, name) < 0) return;
  throw new MetaError(MetaServiceCode.ALREADY_EXISTED, `vault_name=${name} already created`);
}

/** Stores a new vault, and enters it in the record of its instance, which the caller saves. */
export function addVault(call: Call, instance: InstanceInfoPB, vault: StorageVaultPB): void {
  instance.resourceIds.push(vault.id);
  instance.storageVaultNames.push(vault.name);
  saveVault(call, instance, vault);
}

export function saveVault(call: Call, instance: InstanceInfoPB, vault: StorageVaultPB): void {
  writeRecord(call.txn, keys.storageVault, { instance_id: instance.instanceId, vault_id: vault.id }, vault);
}

/** The record of the vault at `position` of its instance's lists, to be read and never changed. */
export async function readVault(call: Call, instance: InstanceInfoPB, position: number): Promise<StorageVaultPB> {
  const vaultId = instance.resourceIds[position] ?? '';
  const vault = await readRecord(call.txn, keys.storageVault, { instance_id: instance.instanceId, vault_id: vaultId });
  if (vault) return vault;
  const name = instance.storageVaultNames[position];
  const message = `failed to get storage vault, vault_id=${vaultId}, vault_name=${name} err=KeyNotFound`;
  throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
}

export function makeDefault(instance: InstanceInfoPB, position: number): void {
  instance.defaultStorageVaultId = instance.resourceIds[position] ?? '';
  instance.defaultStorageVaultName = instance.storageVaultNames[position] ?? '';
}

/** Gives a vault another name, in its own record and in those of its instance, which the caller saves. */
export function renameVault(instance: InstanceInfoPB, vault: StorageVaultPB, position: number, name: string): void {
  if (!VAULT_NAME.test(name)) {
    const message = `invalid storage vault name =${name} the name must satisfy ${VAULT_NAME.source}`;
    throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, message);
  }
  if (vaultPosition(instance, name) !== position) requireFreeVaultName(instance, name);
  vault.name = name;
  instance.storageVaultNames[position] = name;
  if (instance.defaultStorageVaultId === vault.id) instance.defaultStorageVaultName = name;
}

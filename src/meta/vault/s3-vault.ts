import { clone, create } from '@bufbuild/protobuf';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { ObjectStoreInfoPBSchema } from '../../schema/gen/cloud/object_store_pb.ts';
import { type StorageVaultPB, StorageVaultPBSchema } from '../../schema/gen/cloud/vault_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { newObjectStore, setKeys } from './object-store.ts';
import { renameVault } from './vault-record.ts';

/** The record of a new vault on object storage. Throws `INVALID_ARGUMENT` when something but the prefix is missing. */
export async function newS3Vault(call: Call, instance: InstanceInfoPB, given: StorageVaultPB): Promise<StorageVaultPB> {
  const vault = clone(StorageVaultPBSchema, given);
  const wanted = given.objInfo ?? create(ObjectStoreInfoPBSchema);
  vault.objInfo = await newObjectStore(call, instance, wanted, true);
  vault.id = vault.objInfo.id;
  return vault;
}

/** What an alteration must not touch, since the files of the vault are found by it. */
const FIXED = ['bucket', 'endpoint', 'prefix', 'provider'] as const;

/** Checks of an alteration that look at nothing stored. */
export function checkS3Alteration(wanted: StorageVaultPB | undefined): void {
  const store = wanted?.objInfo;
  if (!store) throw invalid('There is no s3 vault provided');
  if (FIXED.some((field) => isSet(store, field))) throw invalid('Only ak, sk can be altered');
  if (isSet(store, 'ak') !== isSet(store, 'sk')) throw invalid('Accesskey and secretkey must be alter together');
}

/** Changes what may be changed of a vault on object storage: its name, its keys, and how its bucket is addressed. */
export async function alterS3Vault(
  call: Call,
  instance: InstanceInfoPB,
  vault: StorageVaultPB,
  position: number,
  wanted: StorageVaultPB,
): Promise<void> {
  const store = vault.objInfo;
  if (!store || vault.hdfsInfo) throw invalid(`invalid storage vault, not on S3, name =${vault.name}`);
  if (isSet(wanted, 'alterName')) renameVault(instance, vault, position, wanted.alterName);
  const from = wanted.objInfo ?? create(ObjectStoreInfoPBSchema);
  if (isSet(from, 'ak')) await setKeys(call, store, from.ak, from.sk);
  if (isSet(from, 'usePathStyle')) store.usePathStyle = from.usePathStyle;
  store.mtime = nowSeconds(call);
}

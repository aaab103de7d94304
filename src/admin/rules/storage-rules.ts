import type { Call } from '../../meta/call.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import { invalid } from '../../meta/meta-error.ts';
import { givenObjectStore } from '../../meta/vault/added-object-store.ts';
import { objectStoreWithId } from '../../meta/vault/alter-obj-store-info.ts';
import { badObjectStore } from '../../meta/vault/object-store.ts';
import { readVault, vaultPosition } from '../../meta/vault/vault-record.ts';
import {
  ObjectStoreInfoPB_Provider as Provider,
  type UpdateAkSkRequest,
} from '../../schema/gen/cloud/object_store_pb.ts';
import type { AlterObjStoreInfoRequest } from '../../schema/gen/cloud/vault_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { requireText } from './patterns.ts';

/** Section 11 knows neither a provider nor an external endpoint: it means S3, and the endpoint. */
export function completeObjectStore(request: AlterObjStoreInfoRequest): void {
  const store = givenObjectStore(request);
  if (!store) return;
  if (!isSet(store, 'provider')) store.provider = Provider.S3;
  if (store.externalEndpoint === '') store.externalEndpoint = store.endpoint;
}

/** Section 11: all but the prefix. */
export function addObjInfoRules(_call: Call, request: AlterObjStoreInfoRequest): void {
  const obj = givenObjectStore(request);
  if (obj && [obj.ak, obj.sk, obj.bucket, obj.endpoint, obj.region].includes('')) throw badObjectStore();
}

/** A vault on S3 must have a name, and all that an object store of a new instance must have. */
export function addS3VaultRules(_call: Call, request: AlterObjStoreInfoRequest): void {
  const store = givenObjectStore(request);
  // Without keys, the call itself refuses it.
  if (!store || !isSet(store, 'ak') || !isSet(store, 'sk')) return;
  if (store.externalEndpoint === '') throw badObjectStore();
  requireText('vault.name', request.vault?.name ?? '');
}

/** A vault on HDFS must have a name, and be on HDFS. */
export function addHdfsVaultRules(_call: Call, { vault }: AlterObjStoreInfoRequest): void {
  // Without a name, the call itself refuses it.
  if (!vault || !isSet(vault, 'name')) return;
  requireText('vault.name', vault.name);
  if (!vault.hdfsInfo && vault.objInfo) throw invalid('vault.hdfs_info must be given');
}

/** A vault on S3 is dropped by no operation, as its files could not be found again; not by this one either. */
export async function dropHdfsVaultRules(
  call: Call,
  { vault }: AlterObjStoreInfoRequest,
  instanceId: string,
): Promise<void> {
  const instance = await findInstance(call.txn, instanceId);
  const position = instance && vault ? vaultPosition(instance, vault.name) : -1;
  if (!instance || position < 0) return;
  const { hdfsInfo, name } = await readVault(call, instance, position);
  if (!hdfsInfo) throw invalid(`invalid storage vault, not on HDFS, name =${name}`);
}

/** Section 9: a user without a name, or without keys, would take those of others away. */
export function updateKeysRules(_call: Call, { internalBucketUser }: UpdateAkSkRequest): void {
  for (const user of internalBucketUser) {
    const given = [isSet(user, 'userId'), isSet(user, 'ak'), isSet(user, 'sk')];
    if (given.every(Boolean) && [user.userId, user.ak, user.sk].includes('')) throw badObjectStore();
  }
}

/** Section 10: the keys that an object store has already are refused. */
export async function legacyUpdateRules(
  call: Call,
  { obj }: AlterObjStoreInfoRequest,
  instanceId: string,
): Promise<void> {
  const instance = await findInstance(call.txn, instanceId);
  if (!instance || !obj) return;
  if ([obj.ak, obj.sk].includes('')) throw badObjectStore();
  const store = objectStoreWithId(instance, obj.id);
  const { encrypted } = await call.keyring.seal(call.txn, obj.sk);
  if (store.ak === obj.ak && store.sk === encrypted) throw invalid('ak sk eq original, please check it');
}

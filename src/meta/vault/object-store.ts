import { clearField, clone } from '@bufbuild/protobuf';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { type ObjectStoreInfoPB, ObjectStoreInfoPBSchema } from '../../schema/gen/cloud/object_store_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { requireLastingPlace } from './emptied-places.ts';
import { placeOfStore } from './place.ts';
import { trimPrefix } from './trim-prefix.ts';

/** An instance keeps no more legacy object stores than this, dropped ones included. */
export const MAX_OBJECT_STORES = 10;

export function badObjectStore(): MetaError {
  return new MetaError(MetaServiceCode.INVALID_ARGUMENT, 's3 conf info err, please check it');
}

/** The next free id among an instance's vaults and legacy object stores, which share their numbers. */
export function nextResourceId(instance: InstanceInfoPB): string {
  const taken = [...instance.objInfo.map((store) => store.id), ...instance.resourceIds];
  return String(taken.reduce((highest, id) => Math.max(highest, Number.parseInt(id, 10) || 0), 0) + 1);
}

/**
 * The object store that an instance or a vault starts with: complete, with an id and times, and its secret key encrypted.
 * Throws `INVALID_ARGUMENT` when something other than the prefix is missing.
 */
export async function newObjectStore(
  call: Call,
  instance: InstanceInfoPB,
  given: ObjectStoreInfoPB,
  sseEnabled: boolean,
): Promise<ObjectStoreInfoPB> {
  const { ak, sk, bucket, endpoint, externalEndpoint, region } = given;
  const complete = [ak, sk, bucket, endpoint, externalEndpoint, region].every((field) => field !== '');
  if (!complete || !isSet(given, 'provider')) throw badObjectStore();
  const store = clone(ObjectStoreInfoPBSchema, given);
  store.prefix = trimPrefix(given.prefix);
  await requireLastingPlace(call.txn, placeOfStore(store));
  await setKeys(call, store, ak, sk);
  return stamp(call, instance, store, sseEnabled);
}

/** Puts an access key and an encrypted secret key into the record of an object store. */
export async function setKeys(call: Call, store: ObjectStoreInfoPB, ak: string, sk: string): Promise<void> {
  const { encrypted, info } = await call.keyring.seal(call.txn, sk);
  store.ak = ak;
  store.sk = encrypted;
  store.encryptionInfo = info;
}

/** Encrypts the secret key that an object store was given with, if any, whatever it says of its encryption. */
export async function sealKeys(call: Call, store: ObjectStoreInfoPB): Promise<void> {
  clearField(store, ObjectStoreInfoPBSchema.field.encryptionInfo);
  if (isSet(store, 'sk')) await setKeys(call, store, store.ak, store.sk);
}

/** Gives a new object store its id and its times. */
export function stamp(
  call: Call,
  instance: InstanceInfoPB,
  store: ObjectStoreInfoPB,
  sseEnabled: boolean,
): ObjectStoreInfoPB {
  store.id = nextResourceId(instance);
  store.ctime = nowSeconds(call);
  store.mtime = store.ctime;
  store.sseEnabled = sseEnabled;
  return store;
}

/** A copy of a stored object store with its secret key in the clear, for an answer to a caller that needs it. */
export async function openObjectStore(call: Call, stored: ObjectStoreInfoPB): Promise<ObjectStoreInfoPB> {
  const store = clone(ObjectStoreInfoPBSchema, stored);
  if (store.encryptionInfo) store.sk = await call.keyring.open(call.txn, store.sk, store.encryptionInfo);
  return store;
}

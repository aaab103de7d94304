import { clone, create, toBinary } from '@bufbuild/protobuf';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { type ObjectStoreInfoPB, ObjectStoreInfoPBSchema } from '../../schema/gen/cloud/object_store_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type AlterObjStoreInfoRequest, AlterObjStoreInfoRequestSchema } from '../../schema/gen/cloud/vault_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { requireLastingPlace } from './emptied-places.ts';
import { badObjectStore, MAX_OBJECT_STORES, setKeys, stamp } from './object-store.ts';
import { placeOfStore } from './place.ts';
import { trimPrefix } from './trim-prefix.ts';

/** The largest object store that may be added to an instance, in bytes of its protobuf form. */
const MAX_OBJECT_STORE_BYTES = 1024;

/** The object store of a request, which may stand beside a vault or in it. */
export function givenObjectStore(request: AlterObjStoreInfoRequest): ObjectStoreInfoPB | undefined {
  return request.obj ?? request.vault?.objInfo;
}

/** Checks that a request brings an object store with keys, and of an acceptable size. */
export function checkObjectStoreGiven(request: AlterObjStoreInfoRequest): void {
  const given = givenObjectStore(request);
  if (!given || !isSet(given, 'ak') || !isSet(given, 'sk')) {
    throw invalid(`s3 obj info err ${quote(AlterObjStoreInfoRequestSchema, request)}`);
  }
  if (toBinary(ObjectStoreInfoPBSchema, given).length > MAX_OBJECT_STORE_BYTES) {
    throw invalid(`s3 obj info greater than 1k ${quote(AlterObjStoreInfoRequestSchema, request)}`);
  }
}

/** The record of an object store that is added to an instance, as one of its own or in a vault. */
export async function addedObjectStore(
  call: Call,
  instance: InstanceInfoPB,
  request: AlterObjStoreInfoRequest,
): Promise<ObjectStoreInfoPB> {
  const given = givenObjectStore(request) ?? create(ObjectStoreInfoPBSchema);
  if (!isSet(given, 'provider')) throw invalid('s3 conf lease provider info');
  if (instance.objInfo.length >= MAX_OBJECT_STORES) {
    const message = 'this instance history has greater than 10 objs, please new another instance';
    throw new MetaError(MetaServiceCode.UNDEFINED_ERR, message);
  }
  const { ak, sk, bucket, endpoint, region } = given;
  if ([ak, sk, bucket, endpoint, region].includes('')) throw badObjectStore();

  const store = clone(ObjectStoreInfoPBSchema, given);
  await setKeys(call, store, ak, sk);
  store.prefix = trimPrefix(given.prefix);
  if (instance.objInfo.some((other) => samePlace(other, store))) {
    throw invalid('original obj infos has a same conf, please check it');
  }
  await requireLastingPlace(call.txn, placeOfStore(store));
  store.externalEndpoint = given.externalEndpoint;
  return stamp(call, instance, store, instance.sseEnabled);
}

function samePlace(one: ObjectStoreInfoPB, other: ObjectStoreInfoPB): boolean {
  const fields = ['bucket', 'prefix', 'endpoint', 'externalEndpoint', 'region', 'provider', 'ak', 'sk'] as const;
  return fields.every((field) => one[field] === other[field]);
}

import type { Call } from '../../meta/call.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import { invalid } from '../../meta/meta-error.ts';
import { objectStoreWithId } from '../../meta/vault/alter-obj-store-info.ts';
import { badObjectStore } from '../../meta/vault/object-store.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../schema/gen/cloud/object_store_pb.ts';
import type { AlterObjStoreInfoRequest } from '../../schema/gen/cloud/vault_pb.ts';
import { isSet } from '../../schema/presence.ts';

/** Section 11 knows neither a provider nor an external endpoint: it means S3, and the endpoint. */
export function completeObjectStore(request: AlterObjStoreInfoRequest): void {
  const store = request.obj;
  if (!store) return;
  if (!isSet(store, 'provider')) store.provider = Provider.S3;
  if (store.externalEndpoint === '') store.externalEndpoint = store.endpoint;
}

/** Section 11: all but the prefix. */
export function addObjInfoRules(_call: Call, { obj }: AlterObjStoreInfoRequest): void {
  if (obj && [obj.ak, obj.sk, obj.bucket, obj.endpoint, obj.region].includes('')) throw badObjectStore();
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

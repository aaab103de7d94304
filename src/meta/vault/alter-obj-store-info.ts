import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import {
  type AlterObjStoreInfoRequest,
  AlterObjStoreInfoRequestSchema,
  AlterObjStoreInfoRequest_Operation as Operation,
} from '../../schema/gen/cloud/vault_pb.ts';
import { type Call, nowSeconds } from '../call.ts';
import { liveInstanceToChange, saveInstance } from '../instance/instance-record.ts';
import { invalid } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { addedObjectStore, checkObjectStoreGiven } from './added-object-store.ts';
import { setKeys } from './object-store.ts';

/** Checks of the request alone, which come before the caller is known. */
export function checkAlterObjStoreInfo(request: AlterObjStoreInfoRequest): void {
  switch (request.op) {
    case Operation.ADD_OBJ_INFO:
    case Operation.LEGACY_UPDATE_AK_SK:
    case Operation.UPDATE_AK_SK:
      checkObjectStoreGiven(request);
      return;
    case Operation.UNKNOWN:
      throw invalid(`Unknown alter info ${quote(AlterObjStoreInfoRequestSchema, request)}`);
    default: {
      const quoted = quote(AlterObjStoreInfoRequestSchema, request);
      throw invalid(`Unknown alter obj store info, request info ${quoted}`);
    }
  }
}

/** Adds a legacy object store to an instance, or gives one of them other keys. */
export async function alterObjStoreInfo(
  call: Call,
  request: AlterObjStoreInfoRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  const instance = await liveInstanceToChange(call.txn, instanceId);
  switch (request.op) {
    case Operation.ADD_OBJ_INFO:
      if (instance.enableStorageVault) throw invalid("Storage vault doesn't support add obj info");
      instance.objInfo.push(await addedObjectStore(call, instance, request));
      break;
    case Operation.LEGACY_UPDATE_AK_SK:
      await replaceKeys(call, instance, request);
      break;
    default:
      throw invalid(`invalid request op, op=${request.op}`);
  }
  saveInstance(call.txn, instance);
  return {};
}

async function replaceKeys(call: Call, instance: InstanceInfoPB, request: AlterObjStoreInfoRequest): Promise<void> {
  const store = objectStoreWithId(instance, request.obj?.id ?? '');
  const { ak, sk } = request.obj ?? { ak: '', sk: '' };
  const before = { ak: store.ak, sk: store.sk };
  await setKeys(call, store, ak, sk);
  if (store.ak !== before.ak || store.sk !== before.sk) store.mtime = nowSeconds(call);
}

/** The legacy object store with that id, a number from 1 on. Throws `INVALID_ARGUMENT` for any other text. */
export function objectStoreWithId(instance: InstanceInfoPB, id: string) {
  const store = /^\d{1,9}$/.test(id) && instance.objInfo.find((candidate) => Number(candidate.id) === Number(id));
  if (!store) throw invalid('id invalid, please check it');
  return store;
}

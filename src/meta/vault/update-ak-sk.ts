import type { RamUserPB } from '../../schema/gen/cloud/iam_pb.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import {
  type ObjectStoreInfoPB,
  type UpdateAkSkRequest,
  UpdateAkSkRequestSchema,
} from '../../schema/gen/cloud/object_store_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { liveInstanceToChange, saveInstance } from '../instance/instance-record.ts';
import { invalid } from '../meta-error.ts';
import { quote } from '../quote.ts';

/** More bucket users than the record of an instance has room for, so that a request is refused before it costs time. */
const MOST_USERS = 10_000;

/** Checks of the request alone. */
export function checkUpdateAkSk({ internalBucketUser: { length } }: UpdateAkSkRequest): void {
  if (length > MOST_USERS) throw invalid(`a request may name at most ${MOST_USERS} bucket users, and names ${length}`);
}

/** Gives the RAM user and the legacy object stores of an instance new keys, all or none of them. */
export async function updateAkSk(call: Call, request: UpdateAkSkRequest): Promise<Record<string, never>> {
  if (request.instanceId === '') throw invalid('instance id not set');
  if (!request.ramUser && request.internalBucketUser.length === 0) throw invalid('nothing to update');
  const instance = await liveInstanceToChange(call.txn, request.instanceId);
  if (request.ramUser) await updateRamUser(call, instance, request, request.ramUser);
  let found = false;
  for (const user of request.internalBucketUser) {
    if (await updateObjectStores(call, instance, request, user)) found = true;
  }
  if (request.internalBucketUser.length > 0 && !found) throw invalid('fail to find the alter obj info');
  saveInstance(call.txn, instance);
  return {};
}

async function updateRamUser(
  call: Call,
  instance: InstanceInfoPB,
  request: UpdateAkSkRequest,
  wanted: RamUserPB,
): Promise<void> {
  if ([wanted.userId, wanted.ak, wanted.sk].includes('')) {
    throw invalid(`ram user info err ${quote(UpdateAkSkRequestSchema, request)}`);
  }
  if (!instance.ramUser) throw invalid("instance doesn't have ram user info");
  if (instance.ramUser.userId !== wanted.userId) throw invalid('ram user_id err');
  await replaceKeys(call, instance.ramUser, wanted);
}

/** Changes the object stores that belong to a bucket user, and says whether there was one. */
async function updateObjectStores(
  call: Call,
  instance: InstanceInfoPB,
  request: UpdateAkSkRequest,
  user: RamUserPB,
): Promise<boolean> {
  if (!isSet(user, 'ak') || !isSet(user, 'sk') || !isSet(user, 'userId')) {
    throw invalid(`s3 bucket info err ${quote(UpdateAkSkRequestSchema, request)}`);
  }
  let found = false;
  for (const store of instance.objInfo) {
    // A store from before there were bucket users belongs to whoever is the only one in the request.
    const unclaimed = !isSet(store, 'userId');
    if (!unclaimed && store.userId !== user.userId) continue;
    if (unclaimed && request.internalBucketUser.length !== 1) {
      const quoted = quote(UpdateAkSkRequestSchema, request);
      throw invalid(`fail to update old instance's obj_info, s3 obj info err ${quoted}`);
    }
    await replaceKeys(call, store, user);
    store.userId = user.userId;
    store.mtime = nowSeconds(call);
    found = true;
  }
  return found;
}

async function replaceKeys(
  call: Call,
  owner: RamUserPB | ObjectStoreInfoPB,
  { ak, sk }: { readonly ak: string; readonly sk: string },
): Promise<void> {
  const { encrypted, info } = await call.keyring.seal(call.txn, sk);
  if (owner.ak === ak && owner.sk === encrypted) throw invalid('ak sk eq original, please check it');
  owner.ak = ak;
  owner.sk = encrypted;
  owner.encryptionInfo = info;
}

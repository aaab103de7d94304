import { clone, create } from '@bufbuild/protobuf';
import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord } from '../../records/message-record.ts';
import { type RamUserPB, RamUserPBSchema } from '../../schema/gen/cloud/iam_pb.ts';
import type { Call } from '../call.ts';

/** A RAM user as it is stored, its secret key encrypted. */
export async function sealRamUser(call: Call, given: RamUserPB): Promise<RamUserPB> {
  const { encrypted, info } = await call.keyring.seal(call.txn, given.sk);
  const user = clone(RamUserPBSchema, given);
  user.sk = encrypted;
  user.encryptionInfo = info;
  return user;
}

/** A copy of a stored RAM user, with its secret key in the clear. */
export async function openRamUser(call: Call, stored: RamUserPB): Promise<RamUserPB> {
  const user = clone(RamUserPBSchema, stored);
  if (user.encryptionInfo) user.sk = await call.keyring.open(call.txn, user.sk, user.encryptionInfo);
  return user;
}

/** The user that all instances share to read stages on other accounts, or undefined when alter_iam never set one. */
export function findIamUser(call: Call): Awaitable<RamUserPB | undefined> {
  return readRecord(call.txn, keys.systemRamUser, {});
}

/** The shared user with its secret key in the clear; the one of the settings where alter_iam never set one. */
export async function openIamUser(call: Call, instanceId: string): Promise<RamUserPB> {
  const stored = await findIamUser(call);
  if (stored) return openRamUser(call, stored);
  const { arn_id, arn_ak, arn_sk } = call.settings;
  return create(RamUserPBSchema, { userId: arn_id, externalId: instanceId, ak: arn_ak, sk: arn_sk });
}

import { clone, create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { type AlterIamRequest, RamUserPBSchema } from '../../schema/gen/cloud/iam_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { findIamUser } from './ram-user.ts';

/** Sets the user that all instances share to read stages on other accounts. */
export async function alterIam(call: Call, request: AlterIamRequest): Promise<Record<string, never>> {
  const { accountId, ak, sk } = request;
  if ([accountId, ak, sk].includes('')) throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, 'invalid argument');
  const stored = await findIamUser(call);
  const { encrypted, info } = await call.keyring.seal(call.txn, sk);
  if (stored && stored.userId === accountId && stored.ak === ak && stored.sk === encrypted) {
    throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, 'already has the same arn info');
  }
  const user = stored ? clone(RamUserPBSchema, stored) : create(RamUserPBSchema);
  user.userId = accountId;
  user.ak = ak;
  user.sk = encrypted;
  user.encryptionInfo = info;
  writeRecord(call.txn, keys.systemRamUser, {}, user);
  return {};
}

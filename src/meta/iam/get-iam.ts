import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetIamRequest, GetIamResponseSchema } from '../../schema/gen/cloud/iam_pb.ts';
import type { Call } from '../call.ts';
import { readInstance } from '../instance/instance-record.ts';
import { openIamUser, openRamUser } from './ram-user.ts';

/** The users whose keys give access to stages on other accounts, in the clear. */
export async function getIam(
  call: Call,
  _request: GetIamRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetIamResponseSchema>> {
  const instance = await readInstance(call.txn, instanceId);
  const iamUser = await openIamUser(call, instanceId);
  iamUser.externalId = instanceId;
  return { iamUser, ...(instance.ramUser && { ramUser: await openRamUser(call, instance.ramUser) }) };
}

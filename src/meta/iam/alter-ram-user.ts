import { type AlterRamUserRequest, AlterRamUserRequestSchema } from '../../schema/gen/cloud/iam_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { liveInstanceToChange, saveInstance } from '../instance/instance-record.ts';
import { MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { sealRamUser } from './ram-user.ts';

/** Sets the RAM user of an instance, in place of the one that it has. */
export async function alterRamUser(call: Call, request: AlterRamUserRequest): Promise<Record<string, never>> {
  const { instanceId, ramUser } = request;
  if (instanceId === '') throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, 'empty instance_id');
  if (!ramUser || [ramUser.userId, ramUser.ak, ramUser.sk].includes('')) {
    const quoted = quote(AlterRamUserRequestSchema, request);
    throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, `ram user info err ${quoted}`);
  }
  const instance = await liveInstanceToChange(call.txn, instanceId);
  instance.ramUser = await sealRamUser(call, ramUser);
  saveInstance(call.txn, instance);
  return {};
}

import { alterIam } from '../../meta/iam/alter-iam.ts';
import { alterRamUser } from '../../meta/iam/alter-ram-user.ts';
import { getIam } from '../../meta/iam/get-iam.ts';
import * as iam from '../../schema/gen/cloud/iam_pb.ts';
import { method } from '../method.ts';
import { BY_UNIQUE_ID } from './callers.ts';

export const iamMethods = {
  get_iam: method({
    name: 'get_iam',
    request: iam.GetIamRequestSchema,
    response: iam.GetIamResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getIam,
  }),
  alter_iam: method({
    name: 'alter_iam',
    request: iam.AlterIamRequestSchema,
    response: iam.AlterIamResponseSchema,
    run: alterIam,
  }),
  alter_ram_user: method({
    name: 'alter_ram_user',
    request: iam.AlterRamUserRequestSchema,
    response: iam.AlterRamUserResponseSchema,
    run: alterRamUser,
  }),
} as const;

import { checkGetVersion, getVersion } from '../../meta/version/get-version.ts';
import * as version from '../../schema/gen/cloud/version_pb.ts';
import { method } from '../method.ts';
import { BY_INSTANCE } from './callers.ts';

export const versionMethods = {
  get_version: method({
    name: 'get_version',
    request: version.GetVersionRequestSchema,
    response: version.GetVersionResponseSchema,
    check: checkGetVersion,
    caller: BY_INSTANCE,
    run: getVersion,
  }),
} as const;

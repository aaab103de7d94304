import type { IndexRequest } from '../../schema/gen/cloud/index_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { checkIndexRequest, firstIndexExists, moveIndexes } from './recycle-index.ts';

/**
 * Announces indexes that are going to be created: until they are committed, they are recycled when they expire. Those
 * that were announced before keep their time. Throws ALREADY_EXISTED, or INVALID_ARGUMENT for one that was dropped.
 */
export async function prepareIndex(
  call: Call,
  request: IndexRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  checkIndexRequest(request);
  if (await firstIndexExists(call, instanceId, request)) {
    throw new MetaError(MetaServiceCode.ALREADY_EXISTED, 'index already existed');
  }
  await moveIndexes(call, 'prepare', instanceId, request);
  return {};
}

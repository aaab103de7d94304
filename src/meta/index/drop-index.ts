import type { IndexRequest } from '../../schema/gen/cloud/index_pb.ts';
import type { Call } from '../call.ts';
import { checkIndexRequest, moveIndexes } from './recycle-index.ts';

/** Leaves indexes to be recycled, known or not, in use or only prepared. Those that were dropped before keep their time. */
export async function dropIndex(call: Call, request: IndexRequest, instanceId: string): Promise<Record<string, never>> {
  checkIndexRequest(request);
  await moveIndexes(call, 'drop', instanceId, request);
  return {};
}

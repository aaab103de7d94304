import type { IndexRequest } from '../../schema/gen/cloud/index_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { raiseTableVersion } from '../version/table-version.ts';
import { checkIndexRequest, firstIndexExists, moveIndexes } from './recycle-index.ts';

/**
 * Puts prepared indexes into use: nothing is left from which they would be recycled. With the indexes of a new table, its
 * version begins. Where one of them isn't prepared and the first exists, the request is taken for one that was served
 * before, and changes nothing. Throws INVALID_ARGUMENT for indexes that were dropped or have been recycled.
 */
export async function commitIndex(
  call: Call,
  request: IndexRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  checkIndexRequest(request);
  const moved = await moveIndexes(call, 'commit', instanceId, request);
  if (moved === undefined) {
    if (await firstIndexExists(call, instanceId, request)) return {};
    throw invalid('index has been recycled');
  }
  if (request.isNewTable && isSet(request, 'dbId')) {
    raiseTableVersion(call.txn, instanceId, request.dbId, request.tableId);
  }
  return {};
}

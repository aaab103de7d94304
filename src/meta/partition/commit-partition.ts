import type { PartitionRequest } from '../../schema/gen/cloud/partition_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { raiseTableVersion } from '../version/table-version.ts';
import { checkPartitionRequest, firstPartitionExists, movePartitions } from './recycle-partition.ts';

/**
 * Puts prepared partitions into use: nothing is left from which they would be recycled, and the version of their table
 * rises. Where one of them isn't prepared and the first exists, the request is taken for one that was served before, and
 * changes nothing. Throws INVALID_ARGUMENT for partitions that were dropped or have been recycled.
 */
export async function commitPartition(
  call: Call,
  request: PartitionRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  checkPartitionRequest('commit', request);
  const moved = await movePartitions(call, 'commit', instanceId, request);
  if (moved === undefined) {
    if (await firstPartitionExists(call, instanceId, request)) return {};
    throw invalid('partition has been recycled');
  }
  if (isSet(request, 'dbId')) raiseTableVersion(call.txn, instanceId, request.dbId, request.tableId);
  return {};
}

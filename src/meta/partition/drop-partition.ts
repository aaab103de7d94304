import type { PartitionRequest } from '../../schema/gen/cloud/partition_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { raiseTableVersion } from '../version/table-version.ts';
import { checkPartitionRequest, movePartitions } from './recycle-partition.ts';

/**
 * Leaves partitions to be recycled, known or not, in use or only prepared. Those that were dropped before keep their time.
 * Where the request asks for it, the version of the table rises, unless all of them were dropped before.
 */
export async function dropPartition(
  call: Call,
  request: PartitionRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  checkPartitionRequest('drop', request);
  const changed = await movePartitions(call, 'drop', instanceId, request);
  if (changed && request.needUpdateTableVersion && isSet(request, 'dbId')) {
    raiseTableVersion(call.txn, instanceId, request.dbId, request.tableId);
  }
  return {};
}

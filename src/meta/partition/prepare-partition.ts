import type { PartitionRequest } from '../../schema/gen/cloud/partition_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { checkPartitionRequest, firstPartitionExists, movePartitions } from './recycle-partition.ts';

/**
 * Announces partitions that are going to be created: until they are committed, they are recycled when they expire. Those
 * that were announced before keep their time. Throws ALREADY_EXISTED, or INVALID_ARGUMENT for one that was dropped.
 */
export async function preparePartition(
  call: Call,
  request: PartitionRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  checkPartitionRequest('prepare', request);
  if (await firstPartitionExists(call, instanceId, request)) {
    throw new MetaError(MetaServiceCode.ALREADY_EXISTED, 'index already existed');
  }
  await movePartitions(call, 'prepare', instanceId, request);
  return {};
}

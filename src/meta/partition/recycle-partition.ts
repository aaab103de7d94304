import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import {
  type PartitionRequest,
  RecyclePartitionPBSchema,
  RecyclePartitionPB_State as State,
} from '../../schema/gen/cloud/partition_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { moveRecycleKeys, type RecordedState } from '../recycle-key/move-recycle-keys.ts';
import type { RecycleCall } from '../recycle-key/moves.ts';
import { tabletExists } from '../recycle-key/tablet-exists.ts';

/** Throws INVALID_ARGUMENT unless a request names partitions and their table; and their indexes, unless it commits. */
export function checkPartitionRequest(recycleCall: RecycleCall, request: PartitionRequest): void {
  const withoutIndexes = request.indexIds.length === 0 && recycleCall !== 'commit';
  if (request.partitionIds.length === 0 || withoutIndexes || !isSet(request, 'tableId')) {
    throw invalid('empty partition_ids or index_ids or table_id');
  }
}

/** Whether the first partition of a request exists in its first index, which stands for all; never without an index. */
export async function firstPartitionExists(
  { txn }: Call,
  instance_id: string,
  { tableId: table_id, indexIds, partitionIds }: PartitionRequest,
): Promise<boolean> {
  const [index_id] = indexIds;
  if (index_id === undefined) return false;
  return tabletExists(txn, { instance_id, table_id, index_id, partition_id: partitionIds[0] ?? 0n });
}

/** As `moveRecycleKeys`, for the partitions of a request. */
export function movePartitions(
  call: Call,
  recycleCall: RecycleCall,
  instance_id: string,
  request: PartitionRequest,
): Promise<boolean | undefined> {
  const { tableId, indexIds, dbId, expiration } = request;
  return moveRecycleKeys(call.txn, recycleCall, {
    // Of a partition that can't be prepared the reference speaks as of an index.
    noun: recycleCall === 'prepare' ? 'index' : 'partition',
    ids: request.partitionIds,
    kind: keys.recyclePartition,
    fieldsOf: (partition_id) => ({ instance_id, partition_id }),
    stateOf: ({ state }) => State[state] as RecordedState,
    recordIn: (state) =>
      create(RecyclePartitionPBSchema, {
        ...(dbId > 0n && { dbId }),
        tableId,
        indexId: indexIds,
        creationTime: nowSeconds(call),
        expiration,
        state: State[state],
      }),
  });
}

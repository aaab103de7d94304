import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords } from '../../records/message-record.ts';
import { RecycleIndexPB_State as IndexState } from '../../schema/gen/cloud/index_pb.ts';
import { RecyclePartitionPB_State as PartitionState } from '../../schema/gen/cloud/partition_pb.ts';
import type { TabletMetaCloudPB } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { invalid } from '../meta-error.ts';

/**
 * Refuses tablets of indexes and partitions that are being recycled: nobody can put them into use any more, and once the last
 * record of them is gone, nothing would lead to their new tablets. That it begins or ends meanwhile is a conflict. Those that
 * are only dropped take their tablets with them. Throws INVALID_ARGUMENT.
 */
export async function refuseRecycled(
  txn: Transaction,
  instance_id: string,
  tablets: readonly Pick<TabletMetaCloudPB, 'indexId' | 'partitionId'>[],
): Promise<void> {
  const index_ids = [...new Set(tablets.map(({ indexId }) => indexId))];
  const partition_ids = [...new Set(tablets.map(({ partitionId }) => partitionId))];
  const [indexes, partitions] = await Promise.all([
    readRecords(
      txn,
      keys.recycleIndex,
      index_ids.map((index_id) => ({ instance_id, index_id })),
    ),
    readRecords(
      txn,
      keys.recyclePartition,
      partition_ids.map((partition_id) => ({ instance_id, partition_id })),
    ),
  ]);
  const index = indexes.findIndex((record) => record?.state === IndexState.RECYCLING);
  if (index >= 0) throw invalid(`index ${index_ids[index]} is being recycled, and gets no more tablets`);
  const partition = partitions.findIndex((record) => record?.state === PartitionState.RECYCLING);
  if (partition >= 0)
    throw invalid(`partition ${partition_ids[partition]} is being recycled, and gets no more tablets`);
}

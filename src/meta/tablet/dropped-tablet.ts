import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord } from '../../records/message-record.ts';
import { RecycleIndexPB_State as IndexState } from '../../schema/gen/cloud/index_pb.ts';
import { RecyclePartitionPB_State as PartitionState } from '../../schema/gen/cloud/partition_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';

/** Whether a tablet's index or partition was dropped. One that is only being created is not. */
export async function isDroppedTablet(
  txn: Transaction,
  instance_id: string,
  { indexId: index_id, partitionId: partition_id }: TabletIndexPB,
): Promise<boolean> {
  const index = await readRecord(txn, keys.recycleIndex, { instance_id, index_id });
  if (index) return index.state === IndexState.DROPPED || index.state === IndexState.RECYCLING;
  const partition = await readRecord(txn, keys.recyclePartition, { instance_id, partition_id });
  return partition?.state === PartitionState.DROPPED || partition?.state === PartitionState.RECYCLING;
}

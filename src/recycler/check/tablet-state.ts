import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import { isDroppedTablet } from '../../meta/tablet/dropped-tablet.ts';
import { readRecord } from '../../records/message-record.ts';
import { InstanceInfoPB_Status as InstanceStatus } from '../../schema/gen/cloud/instance_pb.ts';

/** Whether a tablet is being recycled with all that it has, since its index, its partition or its instance was dropped. */
export async function isBeingRecycled(txn: Transaction, instance_id: string, tablet_id: bigint): Promise<boolean> {
  const instance = await findInstance(txn, instance_id);
  if (instance === undefined || instance.status === InstanceStatus.DELETED) return true;
  const index = await readRecord(txn, keys.metaTabletIndex, { instance_id, tablet_id });
  return index !== undefined && isDroppedTablet(txn, instance_id, index);
}

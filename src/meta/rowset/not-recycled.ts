import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readEncodedRecord } from '../../records/encoded-record.ts';
import { RecycleRowsetPBSchema, RecycleRowsetPB_Type as RecycleType } from '../../schema/gen/cloud/rowset_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { fieldScan } from '../../schema/scan-fields.ts';
import { MetaError } from '../meta-error.ts';

const scanType = fieldScan(RecycleRowsetPBSchema, ['type']);

/**
 * Refuses a rowset that is left to the recycler otherwise than as one that was prepared: it was taken back, or replaced,
 * and its files may be gone. Whatever the recycler makes of its record meanwhile is a conflict. Throws STALE_PREPARE_ROWSET.
 */
export async function requireNotRecycled(
  txn: Transaction,
  instance_id: string,
  { tabletId: tablet_id, rowsetIdV2: rowset_id }: RowsetMetaCloudPB,
): Promise<void> {
  const record = await readEncodedRecord(txn, keys.recycleRowset, { instance_id, tablet_id, rowset_id }, scanType);
  if (record === undefined || record.fields.type === RecycleType.PREPARE) return;
  const message = `the rowset is being recycled, tablet_id=${tablet_id} rowset_id=${rowset_id}`;
  throw new MetaError(MetaServiceCode.STALE_PREPARE_ROWSET, message);
}

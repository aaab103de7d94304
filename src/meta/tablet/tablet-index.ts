import type { FieldsToEncode } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { readRecord } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import { failed, MetaError } from '../meta-error.ts';

/** Where the keys of a tablet stand: its metadata, its statistics and its job have the same fields. */
export type TabletFields = FieldsToEncode<typeof keys.metaTablet.shape>;

/** The table, index and partition of a tablet that must be there. Throws TABLET_NOT_FOUND for one that is not. */
export async function readTabletIndex(
  txn: Transaction,
  instanceId: string,
  tabletId: bigint,
  options?: ReadOptions,
): Promise<TabletIndexPB> {
  const fields = { instance_id: instanceId, tablet_id: tabletId };
  const index = knownIndex(instanceId, tabletId, await readRecord(txn, keys.metaTabletIndex, fields, options));
  if (index instanceof MetaError) throw index;
  return index;
}

/** The index that was read for a tablet, or the error TABLET_NOT_FOUND where there was none. */
export function knownIndex(
  instance_id: string,
  tablet_id: bigint,
  index: TabletIndexPB | undefined,
): TabletIndexPB | MetaError {
  if (!index) {
    const key = keys.metaTabletIndex.encode({ instance_id, tablet_id }).toString('hex');
    const message = `failed to get tablet_idx, err=KeyNotFound tablet_id=${tablet_id} key=${key}`;
    return new MetaError(MetaServiceCode.TABLET_NOT_FOUND, message);
  }
  return index.tabletId === tablet_id ? index : failed('internal error');
}

export function fieldsOfTablet(instanceId: string, index: TabletIndexPB): TabletFields {
  const { tableId: table_id, indexId: index_id, partitionId: partition_id, tabletId: tablet_id } = index;
  return { instance_id: instanceId, table_id, index_id, partition_id, tablet_id };
}

/** An index that leads to no tablet. */
export function tabletMissing(): MetaError {
  return new MetaError(MetaServiceCode.TABLET_NOT_FOUND, 'failed to get tablet, err=not found');
}

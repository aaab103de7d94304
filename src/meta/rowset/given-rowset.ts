import type { FieldsToEncode } from '../../keys/key-kind.ts';
import type { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import type { CreateRowsetRequest } from '../../schema/gen/cloud/rowset_pb.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { invalid, type MetaError } from '../meta-error.ts';
import { readTabletIndex } from '../tablet/tablet-index.ts';

/** Where the rowset stands that a transaction or a job wrote to a tablet, until it becomes visible. */
export type TemporaryRowsetFields = FieldsToEncode<typeof keys.metaRowsetTmp.shape>;

export function checkCreateRowset({ rowsetMeta }: CreateRowsetRequest): void {
  if (!rowsetMeta) throw invalid('no rowset meta');
}

/** The rowset of a request, to be read and never changed. It must say by which schema it was written. */
export function givenRowset({ rowsetMeta }: CreateRowsetRequest): RowsetMetaCloudPB {
  if (!rowsetMeta || (!rowsetMeta.tabletSchema && !isSet(rowsetMeta, 'schemaVersion'))) throw schemaMissing();
  return rowsetMeta;
}

export function schemaMissing(): MetaError {
  return invalid('rowset_meta must have either schema or schema_version');
}

export function fieldsOfTemporaryRowset(
  instance_id: string,
  { txnId: txn_id, tabletId: tablet_id }: RowsetMetaCloudPB,
): TemporaryRowsetFields {
  return { instance_id, txn_id, tablet_id };
}

/** The index that a rowset names, else that of its tablet. Throws TABLET_NOT_FOUND where there is no such tablet. */
export async function indexOfRowset(txn: Transaction, instanceId: string, rowset: RowsetMetaCloudPB): Promise<bigint> {
  if (isSet(rowset, 'indexId')) return rowset.indexId;
  return (await readTabletIndex(txn, instanceId, rowset.tabletId)).indexId;
}

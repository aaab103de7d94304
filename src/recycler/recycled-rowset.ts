import { clearField, create, toBinary } from '@bufbuild/protobuf';
import { keys } from '../keys/key-table.ts';
import type { KeyValue, Transaction } from '../kv/store.ts';
import { readRecords } from '../records/message-record.ts';
import { copyFields } from '../schema/copy-fields.ts';
import { appendEncoded } from '../schema/encoded-fields.ts';
import {
  type RecycleRowsetPB,
  RecycleRowsetPBSchema,
  RecycleRowsetPB_Type as Type,
} from '../schema/gen/cloud/rowset_pb.ts';
import type { RowsetMetaCloudPB } from '../schema/gen/olap/rowset_meta_pb.ts';
import { isSet } from '../schema/presence.ts';
import type { RowsetName } from './data-paths.ts';
import { ContradictionError } from './note-failure.ts';
import type { FoundRecord } from './record-of-pair.ts';

/** A rowset that is left to the recycler. */
export type RecycledRowset = FoundRecord<typeof keys.recycleRowset.shape>;

/** Whether a rowset may have files of which its metadata says nothing: it is being written, or an old service wrote it. */
export function mayBeUnfinished({ type }: Pick<RecycleRowsetPB, 'type'>): boolean {
  return type !== Type.COMPACT && type !== Type.DROP;
}

/**
 * What a rowset that is being written is called once nobody may commit it any more: as old services recorded all rowsets,
 * without a type, which is read as "by its prefix" by every service that recycles, and never as one to be committed.
 */
export function withoutWriter({ fields, record }: RecycledRowset): Buffer {
  const marked = copyFields(record);
  clearField(marked, RecycleRowsetPBSchema.field.type);
  marked.tabletId = fields.tablet_id;
  const { rowsetMeta } = record;
  if (rowsetMeta && isSet(rowsetMeta, 'resourceId')) marked.resourceId = rowsetMeta.resourceId;
  return Buffer.from(toBinary(RecycleRowsetPBSchema, marked));
}

/** The recycle record of a temporary rowset, whose metadata goes into it as it was stored. It is due from `since` on. */
export function droppedRowset(
  instance_id: string,
  { tablet_id, rowset_id }: RowsetName,
  rowset: Uint8Array,
  since: bigint,
): KeyValue {
  const header = create(RecycleRowsetPBSchema, { creationTime: since, type: Type.DROP });
  const value = appendEncoded(RecycleRowsetPBSchema, toBinary(RecycleRowsetPBSchema, header), 'rowset_meta', rowset);
  return { key: keys.recycleRowset.encode({ instance_id, tablet_id, rowset_id }), value };
}

/** Those of some rowsets that are left to the recycler already, and not as ones that are being written. Throws a MalformedValueError. */
export async function leftAmong<Rowset extends RowsetName>(
  txn: Transaction,
  instance_id: string,
  rowsets: readonly Rowset[],
): Promise<readonly Rowset[]> {
  const fields = rowsets.map(({ tablet_id, rowset_id }) => ({ instance_id, tablet_id, rowset_id }));
  const records = await readRecords(txn, keys.recycleRowset, fields);
  return rowsets.filter((_, i) => records[i] !== undefined && records[i].type !== Type.PREPARE);
}

/** The vault of a recycled rowset; empty where it names none. */
export function vaultOf({ record }: Pick<RecycledRowset, 'record'>): string {
  const { rowsetMeta } = record;
  return rowsetMeta && isSet(rowsetMeta, 'resourceId') ? rowsetMeta.resourceId : record.resourceId;
}

/** Throws a ContradictionError unless metadata is that of the rowset whose key it stands at, as far as it says. */
export function checkNames(name: RowsetName, rowset: RowsetMetaCloudPB | undefined): void {
  if (rowset === undefined) return;
  const otherTablet = isSet(rowset, 'tabletId') && rowset.tabletId !== name.tablet_id;
  const otherRowset = isSet(rowset, 'rowsetIdV2') && rowset.rowsetIdV2 !== name.rowset_id;
  if (otherTablet || otherRowset) {
    throw new ContradictionError(`tablet ${rowset.tabletId} and rowset ${rowset.rowsetIdV2} are not those of the key`);
  }
}

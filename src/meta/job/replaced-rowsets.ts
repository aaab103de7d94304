import { create, toBinary } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { recordFromValue, removeRecord, writeRecordValue } from '../../records/message-record.ts';
import { appendEncoded } from '../../schema/encoded-fields.ts';
import { type RecycleRowsetPB_Type, RecycleRowsetPBSchema } from '../../schema/gen/cloud/rowset_pb.ts';
import { type RowsetMetaCloudPB, RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { fieldScan } from '../../schema/scan-fields.ts';
import { failed, type MetaError } from '../meta-error.ts';
import type { VersionRange } from './version-range.ts';

/** A tablet by what the keys of its rowsets have of it. */
export interface RowsetPlace {
  readonly instance_id: string;
  readonly tablet_id: bigint;
}

/** Why rowsets are left to the recycler, and when: seconds since 1970. */
export interface RecycleReason {
  readonly type: RecycleRowsetPB_Type;
  readonly now: bigint;
}

/** Leaves the visible rowsets of a tablet that end within `versions` to the recycler, as they were stored, and answers them. */
export async function recycleRowsets(
  txn: Transaction,
  tablet: RowsetPlace,
  { first, last }: VersionRange,
  { type, now }: RecycleReason,
): Promise<RowsetMetaCloudPB[]> {
  if (first > last) return [];
  const begin = keys.metaRowset.encode({ ...tablet, version: first });
  const { end } = keys.metaRowset.range({ ...tablet, version: last });
  const header = toBinary(RecycleRowsetPBSchema, create(RecycleRowsetPBSchema, { creationTime: now, type }));
  const rowsets: RowsetMetaCloudPB[] = [];
  for await (const page of txn.getRange(begin, end)) {
    for (const { key, value } of page) {
      const rowset = recordFromValue(keys.metaRowset, Buffer.from(key), value);
      const recycled = appendEncoded(RecycleRowsetPBSchema, header, 'rowset_meta', value);
      writeRecordValue(txn, keys.recycleRowset, { ...tablet, rowset_id: rowset.rowsetIdV2 }, recycled);
      rowsets.push(rowset);
    }
  }
  txn.clearRange(begin, end);
  return rowsets;
}

/** A rowset that a job wrote, not visible yet. */
export interface OutputRowset {
  readonly txn_id: bigint;
  /** Its metadata as it was stored. */
  readonly value: Uint8Array;
}

/** The rowsets that a job wrote to a tablet under the ids of `txnIds`, in that order. Throws UNDEFINED_ERR for one that is not there, or was named before. */
export async function readOutputRowsets(
  txn: Transaction,
  tablet: RowsetPlace,
  txnIds: readonly bigint[],
): Promise<OutputRowset[]> {
  const fields = txnIds.map((txn_id) => ({ ...tablet, txn_id }));
  const values = await txn.getMany(fields.map((each) => keys.metaRowsetTmp.encode(each)));
  const named = new Set<bigint>();
  return fields.map((each, i) => {
    const value = values[i];
    if (value === undefined || named.has(each.txn_id)) throw notThere(each);
    named.add(each.txn_id);
    return { txn_id: each.txn_id, value };
  });
}

/**
 * Makes a rowset that a job wrote visible, byte for byte, at `version`. Files are called by the ids of rowsets: should it have
 * the id of one that it replaces, these are not left to the recycler.
 */
export function publishRowset(
  txn: Transaction,
  tablet: RowsetPlace,
  { txn_id, value }: OutputRowset,
  version: bigint,
): void {
  const rowset_id = Buffer.from(scanId(value).rowsetIdV2 ?? []).toString();
  removeRecord(txn, keys.metaRowsetTmp, { ...tablet, txn_id });
  removeRecord(txn, keys.recycleRowset, { ...tablet, rowset_id });
  writeRecordValue(txn, keys.metaRowset, { ...tablet, version }, value);
}

const scanId = fieldScan(RowsetMetaCloudPBSchema, ['rowsetIdV2']);

function notThere(fields: RowsetPlace & { readonly txn_id: bigint }): MetaError {
  const place = `tablet_id=${fields.tablet_id} tmp_rowset_key=${keys.metaRowsetTmp.encode(fields).toString('hex')}`;
  return failed(`failed to get tmp rowset key (not found), ${place}, err=KeyNotFound`);
}

import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { MalformedValueError } from '../records/malformed-value.ts';
import { RowsetMetaCloudPBSchema } from '../schema/gen/olap/rowset_meta_pb.ts';
import { fieldScan } from '../schema/scan-fields.ts';
import type { RowsetName } from './data-paths.ts';
import { groupBy } from './group-by.ts';

const scanId = fieldScan(RowsetMetaCloudPBSchema, ['rowsetIdV2']);

/**
 * Which of some rowsets are visible, by whatever way they became it: nothing of those may be deleted, whatever else is
 * recorded of them. Goes through the visible rowsets of each tablet once. Throws a MalformedValueError.
 */
export async function visibleAmong<Rowset extends RowsetName>(
  txn: Transaction,
  instance_id: string,
  rowsets: readonly Rowset[],
): Promise<ReadonlySet<Rowset>> {
  const byTablet = groupBy(rowsets, ({ tablet_id }) => tablet_id);
  const visible = new Set<Rowset>();
  for (const [tablet_id, some] of byTablet) {
    const byId = groupBy(some, ({ rowset_id }) => rowset_id);
    const { begin, end } = keys.metaRowset.range({ instance_id, tablet_id });
    for await (const page of txn.getRange(begin, end, { snapshot: true })) {
      for (const { key, value } of page) {
        for (const rowset of byId.get(idIn(key, value)) ?? []) visible.add(rowset);
      }
    }
  }
  return visible;
}

/** The id of a rowset, from its metadata as it is stored. Throws a MalformedValueError. */
export function idIn(key: Uint8Array, value: Uint8Array): string {
  try {
    return Buffer.from(scanId(value).rowsetIdV2 ?? []).toString();
  } catch (cause) {
    throw new MalformedValueError(keys.metaRowset.name, key, { cause });
  }
}

import { create } from '@bufbuild/protobuf';
import type { Transaction } from '../../kv/store.ts';
import { addToTabletStats, type DetachedStats, noDetachedStats } from '../../records/tablet-stats.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import { type TableStatsPB, TableStatsPBSchema } from '../../schema/gen/cloud/txn_pb.ts';
import { fieldsOfTablet } from '../tablet/tablet-index.ts';
import type { PlacedRowset } from './placed-rowsets.ts';
import type { TemporaryRowset } from './temporary-rowset.ts';

/** What a commit adds to a tablet. */
interface TabletChange {
  readonly tablet: TabletIndexPB;
  readonly added: DetachedStats;
}

/** What a commit adds to each of its tablets, by their ids. */
export type TabletChanges = ReadonlyMap<bigint, TabletChange>;

/** How many bytes of data a rowset counts for. */
export type SizeOfRowset = (rowset: TemporaryRowset) => bigint;

/** Adds up the rowsets of each tablet. */
export function changesOf(rowsets: Iterable<PlacedRowset>, sizeOf: SizeOfRowset): TabletChanges {
  const changes = new Map<bigint, TabletChange>();
  for (const { rowset, tablet } of rowsets) {
    let change = changes.get(rowset.tablet_id);
    if (!change) {
      change = { tablet, added: noDetachedStats() };
      changes.set(rowset.tablet_id, change);
    }
    const { added } = change;
    added.data_size += sizeOf(rowset);
    added.num_rows += rowset.num_rows;
    added.num_segments += rowset.num_segments;
    added.num_rowsets++;
  }
  return changes;
}

/** Adds the changes to the tablets' counters. What has no segments has no data: then only the number of rowsets goes up. */
export function saveChanges(txn: Transaction, instanceId: string, changes: TabletChanges): void {
  for (const { tablet, added } of changes.values()) {
    const { num_rowsets, num_segments } = added;
    addToTabletStats(txn, fieldsOfTablet(instanceId, tablet), num_segments > 0n ? added : { num_rowsets });
  }
}

/** How many rows each table got, of the tablets of its base index, which `baseTabletIds` names; in the order of the tables. */
export function tableStatsOf(changes: TabletChanges, baseTabletIds: readonly bigint[]): TableStatsPB[] {
  const rows = new Map<bigint, bigint>();
  for (const tabletId of baseTabletIds) {
    const change = changes.get(tabletId);
    if (!change) continue;
    const { tableId } = change.tablet;
    rows.set(tableId, (rows.get(tableId) ?? 0n) + change.added.num_rows);
  }
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([tableId, count]) => create(TableStatsPBSchema, { tableId, updatedRowCount: BigInt.asIntN(64, count) }));
}

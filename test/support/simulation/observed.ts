import type { RecycleRowsetPB_Type } from '../../../src/schema/gen/cloud/rowset_pb.ts';
import type { TxnStatusPB } from '../../../src/schema/gen/cloud/txn_pb.ts';
import type { RowsetMetaCloudPB } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import type { VersionRange } from './cover.ts';
import type { DeleteBitmap } from './delete-bitmap.ts';
import type { Sized, Sizes } from './sizes.ts';

export interface ObservedRowset extends VersionRange, Sized {
  readonly rowset_id: string;
}

export interface ObservedTxn {
  readonly id: bigint;
  readonly label: string;
  readonly status: TxnStatusPB;
}

export interface ObservedTable {
  readonly version: bigint;
  /** What the tasks of its routine load have counted. */
  readonly routine_rows: bigint;
}

/** What a service shows of itself at the end of a run, whether it is asked or its store is read. */
export interface Observed {
  readonly tables: ReadonlyMap<bigint, ObservedTable>;
  /** Versions by partition; none before the first load. */
  readonly versions: ReadonlyMap<bigint, bigint>;
  /** Visible rowsets by tablet, in the order of their versions. */
  readonly rowsets: ReadonlyMap<bigint, readonly ObservedRowset[]>;
  readonly stats: ReadonlyMap<bigint, Sizes>;
  /** The delete bitmaps of the visible rowsets of tablets that merge on write, by tablet. */
  readonly bitmaps: ReadonlyMap<bigint, readonly DeleteBitmap[]>;
  readonly txns: ReadonlyMap<bigint, ObservedTxn>;
}

/** What only the store itself shows. */
export interface ObservedStore extends Observed {
  /** The transactions of each label. */
  readonly labels: ReadonlyMap<string, readonly bigint[]>;
  /** Transactions that count as running, and those that may be forgotten in time. */
  readonly running: ReadonlySet<bigint>;
  readonly finished: ReadonlySet<bigint>;
  /** The ids of temporary rowsets, by their transaction. */
  readonly temporary: ReadonlyMap<bigint, readonly string[]>;
  /** Why rowsets that are to be recycled are, by their ids. */
  readonly recycled: ReadonlyMap<string, RecycleRowsetPB_Type>;
  /** Partitions whose version waits for a transaction. */
  readonly pending: ReadonlySet<bigint>;
  /** Who holds the lock on delete bitmaps, by table. */
  readonly locks: ReadonlyMap<bigint, bigint>;
}

export function observedRowset(rowset: RowsetMetaCloudPB): ObservedRowset {
  const { rowsetIdV2, startVersion, endVersion, dataDiskSize, numRows, numSegments } = rowset;
  return { rowset_id: rowsetIdV2, startVersion, endVersion, dataDiskSize, numRows, numSegments };
}

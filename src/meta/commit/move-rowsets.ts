import type { KeyRange } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { type PartitionFields, pendingTxn } from '../version/partition-version.ts';
import { LAZILY } from './commit-way.ts';
import type { TxnPlace } from './committable.ts';
import { type PlacedRowset, placeRowsets } from './placed-rowsets.ts';
import { saveRowset } from './save-commit.ts';
import { changesOf, saveChanges } from './tablet-changes.ts';
import { collectTemporaryRowsets } from './temporary-rowset.ts';

/** A partition that waits for a lazy commit. */
export interface WaitingPartition {
  readonly fields: PartitionFields;
  /**
   * The key of a temporary rowset that stays until the partition waits no more. Temporary rowsets are all that leads from
   * a transaction to its partitions, so each needs one for whoever begins again.
   */
  readonly left_key: Uint8Array;
}

/** By table and partition. */
export type WaitingPartitions = Map<string, WaitingPartition>;

export interface MoveOptions extends Pick<KeyRange, 'end'> {
  readonly begin: Uint8Array;
  readonly most_rowsets: number;
  /** The partitions that were found before. */
  readonly waiting: ReadonlyMap<string, WaitingPartition>;
}

export interface Moved {
  readonly rowsets: number;
  /** The partitions that were found now. */
  readonly waiting: WaitingPartitions;
  /** Where to go on; undefined at the end. */
  readonly next: Uint8Array | undefined;
}

/** The most bytes of metadata to move in one transaction of the store: a fifth of what it takes. */
const MOST_BYTES = 2_000_000;

/**
 * Moves a batch of the temporary rowsets of a lazy commit to the versions that it took for them. One that is there already
 * was moved, and counted, by who has not come to its end.
 */
export async function moveRowsets(
  txn: Transaction,
  { instance_id, db_id, txn_id }: TxnPlace,
  { begin, end, most_rowsets, waiting: before }: MoveOptions,
): Promise<Moved> {
  const batch = { most_rowsets, most_bytes: MOST_BYTES, with_values: true };
  const { rowsets, next } = await collectTemporaryRowsets(txn, begin, end, batch);
  const placement = await placeRowsets(txn, instance_id, db_id, [rowsets]);
  // A partition that waits for it no more is done, and what came later is none of the commit.
  const due = placement.rowsets.filter(({ partition }) => pendingTxn(partition.record) === txn_id);
  const targets = due.map(({ rowset: { tablet_id }, version }) => ({ instance_id, tablet_id, version }));
  const there = await txn.getMany(targets.map((target) => keys.metaRowset.encode(target)));
  const missing = due.filter((_, i) => there[i] === undefined);
  for (const rowset of missing) saveRowset(txn, instance_id, rowset);
  saveChanges(txn, instance_id, changesOf(missing, LAZILY.size_of));
  return { rowsets: due.length, waiting: removeAllButOne(txn, due, before), next };
}

/** Removes temporary rowsets, but for one of each partition. Returns the partitions that were not known before. */
function removeAllButOne(
  txn: Transaction,
  rowsets: readonly PlacedRowset[],
  before: ReadonlyMap<string, WaitingPartition>,
): WaitingPartitions {
  const found: WaitingPartitions = new Map();
  for (const {
    rowset,
    partition: { fields },
  } of rowsets) {
    const name = `${fields.table_id}/${fields.partition_id}`;
    if (before.has(name) || found.has(name)) txn.clear(rowset.key);
    else found.set(name, { fields, left_key: rowset.key });
  }
  return found;
}

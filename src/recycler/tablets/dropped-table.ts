import { keys } from '../../keys/key-table.ts';
import { collectRange } from '../../kv/collect-range.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, recordExists, removeRecord } from '../../records/message-record.ts';
import { RecycleIndexPB_State as State } from '../../schema/gen/cloud/index_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { SweepContext } from '../sweep.ts';
import type { TabletPlace } from './tablet-records.ts';

interface IndexPlace {
  readonly instance_id: string;
  readonly table_id: bigint;
  readonly index_id: bigint;
}

/**
 * Forgets the version of a table whose index is being recycled, and the lock on its delete bitmaps, if the whole table was
 * dropped: what is left of it by then is the last that says so.
 *
 * A table that is in use has its first index in each partition that is in use. So it was dropped if the index has a
 * partition which was not, while none of the indexes with tablets is in use.
 */
export function forgetDroppedTable({ store }: SweepContext, place: IndexPlace): Promise<void> {
  return store.transact(async (txn) => {
    const tablet = await tabletOfLivePartition(txn, place);
    if (tablet === undefined || !(await allIndexesDropped(txn, place))) return;
    const { instance_id, table_id } = place;
    const index = await readRecord(txn, keys.metaTabletIndex, { instance_id, tablet_id: tablet.tablet_id });
    removeUpdateLocks(txn, place);
    if (index && isSet(index, 'dbId'))
      removeRecord(txn, keys.tableVersion, { instance_id, db_id: index.dbId, table_id });
  });
}

/** Removes the locks on the delete bitmaps of a table. */
export function removeUpdateLocks(
  txn: Transaction,
  { instance_id, table_id }: { readonly instance_id: string; readonly table_id: bigint },
): void {
  const { begin, end } = keys.metaDeleteBitmapUpdateLock.range({ instance_id, table_id });
  txn.clearRange(begin, end);
}

/** The first tablet of an index in a partition that is neither being created nor dropped. */
async function tabletOfLivePartition(txn: Transaction, place: IndexPlace): Promise<TabletPlace | undefined> {
  const { instance_id } = place;
  let { begin, end } = keys.metaTablet.range(place);
  for (;;) {
    const tablet = await firstTablet(txn, begin, end);
    if (tablet === undefined) return undefined;
    const { partition_id } = tablet;
    if (!(await recordExists(txn, keys.recyclePartition, { instance_id, partition_id }))) return tablet;
    begin = keys.metaTablet.range({ ...place, partition_id }).end;
  }
}

/** Whether every index of a table that has tablets was dropped. */
async function allIndexesDropped(txn: Transaction, { instance_id, table_id }: IndexPlace): Promise<boolean> {
  let { begin, end } = keys.metaTablet.range({ instance_id, table_id });
  for (;;) {
    const tablet = await firstTablet(txn, begin, end);
    if (tablet === undefined) return true;
    const { index_id } = tablet;
    const record = await readRecord(txn, keys.recycleIndex, { instance_id, index_id });
    if (record?.state !== State.DROPPED && record?.state !== State.RECYCLING) return false;
    begin = keys.metaTablet.range({ instance_id, table_id, index_id }).end;
  }
}

async function firstTablet(txn: Transaction, begin: Buffer, end: Buffer): Promise<TabletPlace | undefined> {
  const [first] = await collectRange(txn, begin, end, { limit: 1 });
  return first && keys.metaTablet.decode(first.key);
}

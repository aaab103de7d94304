import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { tabletExists } from '../../meta/recycle-key/tablet-exists.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { isSet } from '../../schema/presence.ts';
import { eachAtATime } from '../at-a-time.ts';
import { beginRecycling, checkRecycling, whyDue } from '../dropped-record.ts';
import { Slots } from '../jobs/slots.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { type FoundRecord, hexOf, recordsOfPage } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import { placesWithOthers } from '../shared-places.ts';
import type { Sweep, SweepContext } from '../sweep.ts';
import type { DeleteTabletOptions } from '../tablets/delete-tablet.ts';
import { planTablets, recycleTablets } from '../tablets/recycle-tablets.ts';
import { pendingTxns } from '../tablets/seal-tablets.ts';

type DroppedPartition = FoundRecord<typeof keys.recyclePartition.shape>;

/** Each has some tablets in work. */
const PARTITIONS_AT_A_TIME = 4;

/**
 * Reclaims partitions that were dropped, after `dropped_partition_retention_seconds`, and those that were announced and
 * never committed, `retention_seconds` after they expired: their tablets in all their indexes, with the first of them their
 * version, and their record at last.
 */
export const recyclePartitions: Sweep = {
  name: 'recycle_partitions',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    const slots = new Slots(context.settings.instance_recycler_worker_pool_size);
    const how = { slots, with_others: placesWithOthers(context), unsearched: new Set<ObjectStore>() };
    for await (const page of scanInPages(store, keys.recyclePartition.range({ instance_id }))) {
      progress.scanned(page.length);
      await eachAtATime(recordsOfPage(context, keys.recyclePartition, page), PARTITIONS_AT_A_TIME, async (found) => {
        signal.throwIfAborted();
        try {
          await recyclePartition(context, found, how);
        } catch (error) {
          noteFailure(context, hexOf(found.pair), error);
        }
      });
    }
  },
};

async function recyclePartition(
  context: SweepContext,
  found: DroppedPartition,
  how: DeleteTabletOptions,
): Promise<void> {
  const { store, progress, settings, dry_run } = context;
  const { record, pair } = found;
  const why = whyDue(context, record, settings.dropped_partition_retention_seconds);
  if (why === undefined) return;
  if (!isSet(record, 'tableId')) throw new ContradictionError('it does not say of which table it is');
  progress.found(1);
  const places = placesOf(context, found);
  if (dry_run) {
    progress.planned({ what: hexOf(pair), why });
    for (const place of places) {
      await planTablets(context, place, `of partition ${found.fields.partition_id}: ${why}`);
    }
    return;
  }
  if (!(await beginRecycling(context, keys.recyclePartition, found))) return;
  const check = (txn: Transaction) => checkRecycling(txn, keys.recyclePartition, found);
  const db_id = isSet(record, 'dbId') ? record.dbId : undefined;
  let all_gone = true;
  for (const place of places) {
    const gone = await recycleTablets(context, place, { check, with_partitions: true, db_id, ...how });
    all_gone &&= gone;
  }
  if (!all_gone) throw new ContradictionError(`some of its tablets could not be recycled: ${progress.lastFailure}`);
  await store.transact(async (txn) => {
    await check(txn);
    await removePartition(txn, found, places);
    txn.clear(pair.key);
  });
  progress.deleted(1);
}

interface PartitionOfIndex {
  readonly instance_id: string;
  readonly table_id: bigint;
  readonly index_id: bigint;
  readonly partition_id: bigint;
}

/** Where a partition has its tablets. */
function placesOf({ instance_id }: SweepContext, { record, fields }: DroppedPartition): readonly PartitionOfIndex[] {
  const { partition_id } = fields;
  return record.indexId.map((index_id) => ({ instance_id, table_id: record.tableId, index_id, partition_id }));
}

/** What is stored of a partition beside its tablets. Throws a ContradictionError when there is something anew. */
async function removePartition(
  txn: Transaction,
  { record, fields }: DroppedPartition,
  places: readonly PartitionOfIndex[],
): Promise<void> {
  for (const place of places) {
    if (await tabletExists(txn, place)) throw new ContradictionError('it has got new tablets while it was recycled');
    for (const { begin, end } of [keys.statsTablet.range(place), keys.jobTablet.range(place)])
      txn.clearRange(begin, end);
  }
  if (!isSet(record, 'dbId')) return;
  const { instance_id, partition_id } = fields;
  const version = keys.partitionVersion.encode({
    instance_id,
    db_id: record.dbId,
    table_id: record.tableId,
    partition_id,
  });
  const pending = pendingTxns([version], [await txn.get(version)]);
  if (pending.size > 0) throw new ContradictionError('a load is on its way to it');
  txn.clear(version);
}

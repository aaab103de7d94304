import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { tabletExists } from '../../meta/recycle-key/tablet-exists.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { removeRecord } from '../../records/message-record.ts';
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
import { forgetDroppedTable } from '../tablets/dropped-table.ts';
import { planTablets, recycleTablets } from '../tablets/recycle-tablets.ts';

type DroppedIndex = FoundRecord<typeof keys.recycleIndex.shape>;

/** Each has some tablets in work. */
const INDEXES_AT_A_TIME = 4;

/**
 * Reclaims indexes that were dropped, after `dropped_index_retention_seconds`, and those that were announced and never
 * committed, `retention_seconds` after they expired: all their tablets, then their schemas, and their record at last.
 */
export const recycleIndexes: Sweep = {
  name: 'recycle_indexes',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    const slots = new Slots(context.settings.instance_recycler_worker_pool_size);
    const how = { slots, with_others: placesWithOthers(context), unsearched: new Set<ObjectStore>() };
    for await (const page of scanInPages(store, keys.recycleIndex.range({ instance_id }))) {
      progress.scanned(page.length);
      await eachAtATime(recordsOfPage(context, keys.recycleIndex, page), INDEXES_AT_A_TIME, async (found) => {
        signal.throwIfAborted();
        try {
          await recycleIndex(context, found, how);
        } catch (error) {
          noteFailure(context, hexOf(found.pair), error);
        }
      });
    }
  },
};

async function recycleIndex(context: SweepContext, found: DroppedIndex, how: DeleteTabletOptions): Promise<void> {
  const { store, instance_id, progress, settings, dry_run } = context;
  const { fields, record, pair } = found;
  const why = whyDue(context, record, settings.dropped_index_retention_seconds);
  if (why === undefined) return;
  if (!isSet(record, 'tableId')) throw new ContradictionError('it does not say of which table it is');
  progress.found(1);
  const place = { instance_id, table_id: record.tableId, index_id: fields.index_id };
  if (dry_run) {
    progress.planned({ what: hexOf(pair), why });
    await planTablets(context, place, `of index ${fields.index_id}: ${why}`);
    return;
  }
  if (!(await beginRecycling(context, keys.recycleIndex, found))) return;
  await forgetDroppedTable(context, place);
  const check = (txn: Transaction) => checkRecycling(txn, keys.recycleIndex, found);
  if (!(await recycleTablets(context, place, { check, with_partitions: false, db_id: undefined, ...how }))) {
    throw new ContradictionError(`some of its tablets could not be recycled: ${progress.lastFailure}`);
  }
  await store.transact(async (txn) => {
    await check(txn);
    if (await tabletExists(txn, place)) throw new ContradictionError('it has got new tablets while it was recycled');
    removeIndex(txn, place);
    txn.clear(pair.key);
  });
  progress.deleted(1);
}

/** What is stored of an index beside its tablets. */
function removeIndex(
  txn: Transaction,
  place: { readonly instance_id: string; readonly table_id: bigint; readonly index_id: bigint },
): void {
  const { instance_id, index_id } = place;
  for (const { begin, end } of [
    keys.statsTablet.range(place),
    keys.jobTablet.range(place),
    keys.metaSchema.range({ instance_id, index_id }),
  ]) {
    txn.clearRange(begin, end);
  }
  removeRecord(txn, keys.metaSchemaDictionary, { instance_id, index_id });
}

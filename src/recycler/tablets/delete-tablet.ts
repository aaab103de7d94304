import type { DeletedObjects, ObjectStore } from '../../objects/object-store.ts';
import { eachAtATime } from '../at-a-time.ts';
import { tabletPrefix } from '../data-paths.ts';
import { deletePrefixIn, sum } from '../delete-objects.ts';
import { deleteRowsetIn } from '../delete-rowset.ts';
import type { Slots } from '../jobs/slots.ts';
import type { SweepContext } from '../sweep.ts';
import type { TabletPlace, TabletRecords } from './tablet-records.ts';

export interface DeleteTabletOptions {
  /** Calls for objects are made in these. */
  readonly slots: Slots;
  /** The places in which another instance may have a tablet of the same id. */
  readonly with_others: () => Promise<ReadonlySet<ObjectStore>>;
  /** The places that could not be searched, which is logged of each for the first of its tablets. */
  readonly unsearched: Set<ObjectStore>;
}

const ROWSETS_AT_A_TIME = 16;

/**
 * Deletes all objects of a tablet. Those in the vaults that its rowsets name must go; in the others there may be some that
 * nothing leads to, and a vault that can't be asked for those holds nothing up. Where another instance may have tablets, only
 * objects go that rowsets of this one lead to: ids of rowsets are never used twice, and those of tablets are.
 */
export async function deleteTablet(
  context: SweepContext,
  tablet: TabletPlace,
  records: TabletRecords,
  options: DeleteTabletOptions,
): Promise<DeletedObjects> {
  const { vaults } = context;
  const { slots, with_others } = options;
  const shared = await with_others();
  const all = vaults.all();
  const named = new Set<ObjectStore>(records.is_anywhere ? all : []);
  for (const resource_id of records.resource_ids) named.add(vaults.get(resource_id));
  const prefix = tabletPrefix(tablet.tablet_id);
  const others = all.filter((place) => !named.has(place) && !shared.has(place));
  const searched = Promise.all(others.map((place) => searchIn(context, place, prefix, options)));
  try {
    const own = [...named].filter((place) => !shared.has(place));
    const deleted = [await deletePrefixIn(own, prefix, slots)];
    for (const place of named) {
      if (shared.has(place)) deleted.push(await deleteRowsetsIn(context, place, tablet, records, slots));
    }
    return sum([...deleted, ...(await searched)]);
  } finally {
    await searched;
  }
}

async function searchIn(
  { logger, instance_id }: SweepContext,
  place: ObjectStore,
  prefix: string,
  { slots, unsearched }: DeleteTabletOptions,
): Promise<DeletedObjects> {
  try {
    return await deletePrefixIn([place], prefix, slots);
  } catch (error) {
    if (unsearched.has(place)) return { objects: 0, bytes: 0 };
    unsearched.add(place);
    logger.warn('a vault could not be searched for what is left of a tablet', { instance_id, prefix, error });
    return { objects: 0, bytes: 0 };
  }
}

/** Deletes the objects of a tablet's rowsets that may lie in a place. */
async function deleteRowsetsIn(
  { vaults }: SweepContext,
  place: ObjectStore,
  { tablet_id }: TabletPlace,
  { rowsets }: TabletRecords,
  slots: Slots,
): Promise<DeletedObjects> {
  const here = rowsets.filter(({ resource_id }) => resource_id === '' || vaults.get(resource_id) === place);
  const deleted: DeletedObjects[] = [];
  await eachAtATime(here, ROWSETS_AT_A_TIME, async ({ rowset_id }) => {
    deleted.push(await deleteRowsetIn([place], { tablet_id, rowset_id }, slots));
  });
  return sum(deleted);
}

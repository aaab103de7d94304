import type { LeadingFields } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { DeletedObjects, ObjectStore } from '../../objects/object-store.ts';
import { eachAtATime } from '../at-a-time.ts';
import { tabletPrefix } from '../data-paths.ts';
import { deletePrefixIn, sum } from '../delete-objects.ts';
import type { Slots } from '../jobs/slots.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { hexOf } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import type { SweepContext } from '../sweep.ts';
import { type SealOptions, sealTablets } from './seal-tablets.ts';
import { readTabletRecords, removeTablet, type TabletPlace, type TabletRecords } from './tablet-records.ts';

export interface RecycleTabletsOptions extends SealOptions {
  /** Calls for objects are made in these. */
  readonly slots: Slots;
}

const TABLETS_PER_PAGE = 200;
const TABLETS_AT_A_TIME = 16;

/**
 * Recycles the tablets of an index, or of a partition in an index, and resolves to whether all are gone. One that can't go
 * is noted and stays, with all that leads to it.
 */
export async function recycleTablets(
  context: SweepContext,
  leading: LeadingFields<typeof keys.metaTablet.shape>,
  options: RecycleTabletsOptions,
): Promise<boolean> {
  let all_gone = true;
  for await (const page of tabletsIn(context, leading)) {
    context.signal.throwIfAborted();
    await sealTablets(context, page, options);
    await eachAtATime(page, TABLETS_AT_A_TIME, async (tablet) => {
      context.signal.throwIfAborted();
      try {
        await recycleTablet(context, tablet, options);
      } catch (error) {
        all_gone = false;
        noteFailure(context, `tablet ${tablet.tablet_id}`, error);
      }
    });
  }
  return all_gone;
}

/** In a dry run: says that all tablets would go. */
export async function planTablets(
  context: SweepContext,
  leading: LeadingFields<typeof keys.metaTablet.shape>,
  why: string,
): Promise<void> {
  for await (const page of tabletsIn(context, leading)) {
    context.signal.throwIfAborted();
    for (const tablet of page) context.progress.planned({ what: hexOf({ key: keys.metaTablet.encode(tablet) }), why });
  }
}

/** The tablets of an index or a partition, by their keys: whatever their metadata says, that is where they stand. */
async function* tabletsIn(
  { store }: SweepContext,
  leading: LeadingFields<typeof keys.metaTablet.shape>,
): AsyncGenerator<readonly TabletPlace[]> {
  for await (const page of scanInPages(store, keys.metaTablet.range(leading), { page_pairs: TABLETS_PER_PAGE })) {
    const tablets = page.map(({ key }) => keys.metaTablet.decode(key)).filter((fields) => fields !== undefined);
    if (tablets.length > 0) yield tablets;
  }
}

async function recycleTablet(
  context: SweepContext,
  tablet: TabletPlace,
  { check, slots }: RecycleTabletsOptions,
): Promise<void> {
  const records = await readTabletRecords(context, tablet);
  const deleted = await deleteTablet(context, tablet, records, slots);
  const is_removed = await context.store.transact(async (txn) => {
    await check(txn);
    return removeTablet(txn, tablet, records);
  });
  if (!is_removed) throw new ContradictionError('a rowset has become visible while it was recycled');
  context.progress.deleted(0, deleted);
}

/**
 * Deletes all objects of a tablet. Those in the vaults that its rowsets name must go; in the others there may be some that
 * nothing leads to, and a vault that can't be asked for those holds nothing up.
 */
async function deleteTablet(
  { vaults, logger, instance_id }: SweepContext,
  { tablet_id }: TabletPlace,
  { resource_ids, is_anywhere }: TabletRecords,
  slots: Slots,
): Promise<DeletedObjects> {
  const prefix = tabletPrefix(tablet_id);
  const all = vaults.all();
  const named = new Set<ObjectStore>(is_anywhere ? all : []);
  for (const resource_id of resource_ids) named.add(vaults.get(resource_id));
  const others = all.filter((place) => !named.has(place));
  const searched = Promise.all(
    others.map((place) =>
      deletePrefixIn([place], prefix, slots).catch((error: unknown) => {
        logger.warn('a vault could not be searched for what is left of a tablet', { instance_id, prefix, error });
        return NOTHING;
      }),
    ),
  );
  try {
    return sum([await deletePrefixIn([...named], prefix, slots), ...(await searched)]);
  } finally {
    await searched;
  }
}

const NOTHING: DeletedObjects = { objects: 0, bytes: 0 };

import type { LeadingFields } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import { eachAtATime } from '../at-a-time.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { hexOf } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import type { SweepContext } from '../sweep.ts';
import { type DeleteTabletOptions, deleteTablet } from './delete-tablet.ts';
import { type SealOptions, sealTablets } from './seal-tablets.ts';
import { readTabletRecords, removeTablet, type TabletPlace } from './tablet-records.ts';

export interface RecycleTabletsOptions extends SealOptions, DeleteTabletOptions {}

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
  options: RecycleTabletsOptions,
): Promise<void> {
  const records = await readTabletRecords(context, tablet);
  const deleted = await deleteTablet(context, tablet, records, options);
  const is_removed = await context.store.transact(async (txn) => {
    await options.check(txn);
    return removeTablet(txn, tablet, records);
  });
  if (!is_removed) throw new ContradictionError('a rowset has become visible while it was recycled');
  context.progress.deleted(0, deleted);
}

import { keys } from '../../keys/key-table.ts';
import type { KeyValue } from '../../kv/store.ts';
import type { ObjectStore, StoredObject } from '../../objects/object-store.ts';
import { TABLETS_PREFIX } from '../data-paths.ts';
import { groupBy } from '../group-by.ts';
import { hexOf } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import { neighboursAt } from '../shared-places.ts';
import type { SweepContext } from '../sweep.ts';
import { idIn } from '../visible-rowsets.ts';
import { type CheckContext, type CheckResults, noteUnchecked } from './check-report.ts';
import { objectName } from './object-name.ts';
import { isBeingRecycled } from './tablet-state.ts';

/** How many objects, for which nothing was found where it mostly is, wait to be looked for among temporary rowsets. */
const MOST_SUSPECTS = 10_000;

interface Suspect {
  readonly path: string;
  readonly size_bytes: number;
  readonly tablet_id: bigint;
  readonly rowset_ids: readonly string[];
}

/** What a check of orphans works on: other instances may have objects in the places of this one. */
export type OrphansContext = CheckContext & Pick<SweepContext, 'instance'>;

/**
 * Looks for a key that leads to each object below `data/`: a rowset that is visible, temporary or to be recycled, or a
 * tablet that is being recycled. It holds a page of a listing, whatever its order, and 10,000 suspects.
 *
 * The key of a rowset goes from being written to temporary, to visible, to being recycled, and never back: so whoever
 * looks in this order, and for visible ones again after the temporary ones, doesn't miss one that moves on meanwhile. What
 * nothing of this instance leads to is looked for in those that share the place with it.
 */
export async function checkOrphans(context: OrphansContext, results: CheckResults, young_ms: number): Promise<void> {
  const old_ms = context.now_ms() - young_ms;
  const neighbours = await neighboursAt(context);
  for (const place of context.vaults.all()) {
    let suspects: Suspect[] = [];
    try {
      for await (const page of place.list(TABLETS_PREFIX)) {
        context.signal.throwIfAborted();
        results.count('objects', page.length);
        for (const { size_bytes } of page) results.count('bytes', size_bytes);
        const settled = page.filter(({ modified_ms }) => modified_ms <= old_ms);
        suspects.push(...(await withoutKey(context, results, named(settled, place, results))));
        if (suspects.length < MOST_SUSPECTS) continue;
        await settle(context, results, place, suspects, neighbours.get(place));
        suspects = [];
      }
      await settle(context, results, place, suspects, neighbours.get(place));
    } catch (error) {
      noteUnchecked(context, results, place.name, error);
    }
  }
}

/** Objects with what their names say. To those that are called otherwise nothing can lead. */
function named(objects: readonly StoredObject[], place: ObjectStore, results: CheckResults): Suspect[] {
  return objects.flatMap(({ key: path, size_bytes }) => {
    const name = objectName(path);
    if (name) return [{ path, size_bytes, ...name }];
    results.add({ kind: 'orphaned', vault: place.name, path, size_bytes });
    return [];
  });
}

/** Those to which neither a visible rowset leads nor something that is to be recycled, tablet by tablet. */
async function withoutKey(
  context: CheckContext,
  results: CheckResults,
  objects: readonly Suspect[],
): Promise<Suspect[]> {
  const left: Suspect[] = [];
  for (const [tablet_id, some] of groupBy(objects, (object) => object.tablet_id)) {
    context.signal.throwIfAborted();
    try {
      const known = await knownAmong(context, tablet_id, new Set(some.flatMap(({ rowset_ids }) => rowset_ids)));
      left.push(...some.filter(({ rowset_ids }) => !rowset_ids.some((id) => known.has(id))));
    } catch (error) {
      noteUnchecked(context, results, `objects of tablet ${tablet_id}`, error);
    }
  }
  return left;
}

/** Which of some ids are of rowsets of a tablet that are visible or to be recycled: all, where the tablet itself is. */
function knownAmong(
  { store, instance_id }: CheckContext,
  tablet_id: bigint,
  wanted: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  return store.transact(async (txn) => {
    if (await isBeingRecycled(txn, instance_id, tablet_id)) return wanted;
    const ids = [...wanted];
    const recycled = await txn.getMany(
      ids.map((rowset_id) => keys.recycleRowset.encode({ instance_id, tablet_id, rowset_id })),
      { snapshot: true },
    );
    const known = new Set(ids.filter((_, i) => recycled[i] !== undefined));
    if (known.size === wanted.size) return known;
    const { begin, end } = keys.metaRowset.range({ instance_id, tablet_id });
    for await (const page of txn.getRange(begin, end, { snapshot: true })) {
      for (const { key, value } of page) {
        const id = idIn(key, value);
        if (wanted.has(id)) known.add(id);
      }
    }
    return known;
  });
}

/** Reports those of some objects to which no temporary rowset leads, no other one by now, and that are still there. */
async function settle(
  context: CheckContext,
  results: CheckResults,
  place: ObjectStore,
  suspects: readonly Suspect[],
  neighbours: readonly string[] = [],
): Promise<void> {
  let left = await withoutTemporary(context, results, suspects);
  for (const instance_id of neighbours) {
    const theirs = { ...context, instance_id };
    left = await withoutTemporary(theirs, results, await withoutKey(theirs, results, left));
  }
  for (const { path, size_bytes } of left) {
    context.signal.throwIfAborted();
    if (await place.exists(path)) results.add({ kind: 'orphaned', vault: place.name, path, size_bytes });
  }
}

/** Those of some objects, to which nothing else leads, that no temporary rowset has, nor another one by now. */
async function withoutTemporary(
  context: CheckContext,
  results: CheckResults,
  suspects: readonly Suspect[],
): Promise<readonly Suspect[]> {
  if (suspects.length === 0) return suspects;
  const temporary = await temporaryAmong(context, results, suspects);
  const others = suspects.filter((suspect) => !temporary.has(suspect));
  return withoutKey(context, results, others);
}

/**
 * Those that belong to temporary rowsets. Their keys begin with transactions, so all of them are gone through. One that can't
 * be read may have any object of its tablet.
 */
async function temporaryAmong(
  context: CheckContext,
  results: CheckResults,
  suspects: readonly Suspect[],
): Promise<ReadonlySet<Suspect>> {
  const { store, instance_id, signal } = context;
  const byTablet = groupBy(suspects, ({ tablet_id }) => tablet_id);
  const found = new Set<Suspect>();
  for await (const page of scanInPages(store, keys.metaRowsetTmp.range({ instance_id }))) {
    signal.throwIfAborted();
    for (const pair of page) {
      const some = byTablet.get(keys.metaRowsetTmp.decode(pair.key)?.tablet_id ?? -1n) ?? [];
      const id = some.length === 0 ? undefined : readableId(context, results, pair);
      for (const suspect of some) if (id === undefined || suspect.rowset_ids.includes(id)) found.add(suspect);
    }
  }
  return found;
}

function readableId(context: CheckContext, results: CheckResults, pair: KeyValue): string | undefined {
  try {
    return idIn(pair.key, pair.value);
  } catch (error) {
    noteUnchecked(context, results, hexOf(pair), error);
    return undefined;
  }
}

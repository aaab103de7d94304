import { keys } from '../../keys/key-table.ts';
import type { KeyValue } from '../../kv/store.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { ObjectStoreError, type ObjectStoreFault } from '../../objects/object-store-error.ts';
import { recordFromValue } from '../../records/message-record.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { AtATime } from '../at-a-time.ts';
import { tabletPrefix } from '../data-paths.ts';
import { KnownSchemas } from '../known-schemas.ts';
import { hexOf } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import { idIn } from '../visible-rowsets.ts';
import { type CheckContext, type CheckResults, noteUnchecked } from './check-report.ts';
import { neededObjects } from './needed-objects.ts';
import { isBeingRecycled } from './tablet-state.ts';

const ROWSETS_A_PAGE = 500;
/** How many objects of a tablet are looked for in one listing of it. */
const MOST_OBJECTS = 10_000;
/** How many tablets are listed side by side. */
const TABLETS_AT_A_TIME = 4;

/** What keeps a place closed for as long as a check takes. */
const STAYS_CLOSED: ReadonlySet<ObjectStoreFault> = new Set(['denied', 'missing', 'misconfigured']);

/** A visible rowset, of whose metadata no more is kept than what a finding says. */
interface VisibleRowset {
  readonly key: Uint8Array;
  readonly tablet_id: bigint;
  readonly rowset_id: string;
  readonly version: bigint;
}

/** Objects of one tablet that must be in one place. */
interface Needed {
  readonly tablet_id: bigint;
  readonly resource_id: string;
  readonly objects: Map<string, VisibleRowset>;
}

/**
 * Looks for the objects of every visible rowset, by listing each tablet where its rowsets lie. It holds the names of
 * 10,000 objects for each of four tablets at most.
 */
export async function checkObjects(context: CheckContext, results: CheckResults): Promise<void> {
  const { store, instance_id, signal } = context;
  const schemas = new KnownSchemas(store, instance_id);
  const lookFor = lostObjects(context, results);
  const running = new AtATime(TABLETS_AT_A_TIME);
  let some: readonly Needed[] = [];
  const flush = async () => {
    const full = some;
    some = [];
    for (const needed of full) await running.begin(() => lookFor(needed));
  };
  try {
    const range = keys.metaRowset.range({ instance_id });
    for await (const page of scanInPages(store, range, { page_pairs: ROWSETS_A_PAGE })) {
      signal.throwIfAborted();
      for (const pair of page) {
        const found = await needsOf(context, results, schemas, pair);
        if (!found) continue;
        const { tablet_id, resource_id, objects } = found;
        if (some.some((before) => before.tablet_id !== tablet_id || before.objects.size >= MOST_OBJECTS)) await flush();
        const same = some.find((before) => before.resource_id === resource_id);
        if (same) for (const [path, rowset] of objects) same.objects.set(path, rowset);
        else some = [...some, found];
      }
    }
    await flush();
  } finally {
    await running.end();
  }
}

/** What a visible rowset needs; undefined when it has no objects, or can't be read. */
async function needsOf(
  context: CheckContext,
  results: CheckResults,
  schemas: KnownSchemas,
  pair: KeyValue,
): Promise<Needed | undefined> {
  results.count('rowsets', 1);
  try {
    const fields = keys.metaRowset.decode(pair.key);
    const rowset: RowsetMetaCloudPB = recordFromValue(keys.metaRowset, Buffer.from(pair.key), pair.value);
    if (!fields || rowset.numSegments <= 0n) return undefined;
    const { tablet_id, version } = fields;
    const name = { tablet_id, rowset_id: rowset.rowsetIdV2 };
    // A key of its own: that of the pair may keep a whole page in memory.
    const visible: VisibleRowset = { key: Buffer.from(pair.key), ...name, version };
    const paths = neededObjects(name, rowset, await schemas.filesOf(rowset));
    results.count('rowsets_with_objects', 1);
    return { tablet_id, resource_id: rowset.resourceId, objects: new Map(paths.map((path) => [path, visible])) };
  } catch (error) {
    noteUnchecked(context, results, hexOf(pair), error);
    return undefined;
  }
}

/** Looks for objects, and reports those that are not there though their rowset is. A place that stays closed is asked once. */
function lostObjects(context: CheckContext, results: CheckResults): (needed: Needed) => Promise<void> {
  const closed = new Map<string, ObjectStoreError>();
  return async ({ tablet_id, resource_id, objects }) => {
    try {
      const before = closed.get(resource_id);
      if (before) throw before;
      const place = context.vaults.get(resource_id);
      for await (const page of place.list(tabletPrefix(tablet_id))) {
        context.signal.throwIfAborted();
        for (const { key } of page) objects.delete(key);
      }
      for (const [path, rowset] of objects) await reportIfLost(context, results, place, path, rowset);
    } catch (error) {
      if (error instanceof ObjectStoreError && STAYS_CLOSED.has(error.fault)) closed.set(resource_id, error);
      noteUnchecked(context, results, `tablet ${tablet_id} in vault ${resource_id}`, error);
    }
  };
}

/**
 * Reports an object that a listing did not show, unless it is there after all, since listings may lag behind, or its rowset
 * is needed no more, since a compaction or a drop came in between.
 */
async function reportIfLost(
  { store, instance_id, signal }: CheckContext,
  results: CheckResults,
  place: ObjectStore,
  path: string,
  { key, tablet_id, rowset_id, version }: VisibleRowset,
): Promise<void> {
  signal.throwIfAborted();
  if (await place.exists(path)) return;
  const isNeeded = await store.transact(async (txn) => {
    const value = await txn.get(key, { snapshot: true });
    const same = value !== undefined && idIn(key, value) === rowset_id;
    return same && !(await isBeingRecycled(txn, instance_id, tablet_id));
  });
  if (!isNeeded) return;
  const rowset = { tablet_id: `${tablet_id}`, rowset_id, version: `${version}` };
  results.add({ kind: 'lost', vault: place.name, path, ...rowset });
}

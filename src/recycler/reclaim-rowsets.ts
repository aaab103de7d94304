import { keys } from '../keys/key-table.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { RowsetName } from './data-paths.ts';
import { deleteObjects } from './delete-objects.ts';
import { deleteRowsetIn } from './delete-rowset.ts';
import { groupBy } from './group-by.ts';
import type { Slots } from './jobs/slots.ts';
import { noteFailure } from './note-failure.ts';
import { hexOf } from './record-of-pair.ts';
import { type Due, noteFailedBatch } from './recycle-batch.ts';
import { removeUnchanged } from './remove-unchanged.ts';
import type { RowsetObjects } from './rowset-objects.ts';
import type { SweepContext } from './sweep.ts';

/** A rowset that nobody can bring back: its recycle record, and what goes with it. */
export interface DueRowset extends Due, RowsetName {
  /** The vault of its objects; empty where nothing says it, and they are looked for in all. */
  readonly resource_id: string;
  readonly objects: RowsetObjects;
  /** As far as they are known. */
  readonly bytes: number;
}

interface Gone {
  readonly rowset: DueRowset;
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Deletes the objects of rowsets, and then their recycle records with the delete bitmaps that are left of them. Those of a
 * vault that fails are noted and stay; the other vaults' go. Calls for objects are made in `slots`.
 */
export async function reclaimRowsets(
  context: SweepContext,
  rowsets: readonly DueRowset[],
  slots: Slots,
): Promise<void> {
  const byVault = groupBy(rowsets, ({ resource_id }) => resource_id);
  await Promise.all(
    [...byVault].map(async ([resource_id, some]) => {
      try {
        const places = placesOf(context, resource_id, some);
        await removeRecords(context, await deleteObjectsOf(context, places, some, slots));
      } catch (error) {
        noteFailedBatch(context, some, error);
      }
    }),
  );
}

/** Those of the rowsets whose objects are gone now. */
async function deleteObjectsOf(
  context: SweepContext,
  places: readonly ObjectStore[],
  rowsets: readonly DueRowset[],
  slots: Slots,
): Promise<readonly Gone[]> {
  const gone: Gone[] = [];
  const paths: string[] = [];
  const searched: DueRowset[] = [];
  for (const rowset of rowsets) {
    if ('prefix' in rowset.objects) {
      searched.push(rowset);
    } else {
      for (const path of rowset.objects.paths) paths.push(path);
      gone.push({ rowset, objects: rowset.objects.paths.length, bytes: rowset.bytes });
    }
  }
  for (const place of places) await deleteObjects(place, paths, slots);
  await Promise.all(
    searched.map(async (rowset) => {
      try {
        gone.push({ rowset, ...(await deleteRowsetIn(places, rowset, slots)) });
      } catch (error) {
        noteFailure(context, hexOf(rowset.pair), error);
      }
    }),
  );
  return gone;
}

/** Where the objects of rowsets are. Throws an ObjectStoreError for a vault that is not there. */
function placesOf(
  { vaults }: SweepContext,
  resource_id: string,
  rowsets: readonly DueRowset[],
): readonly ObjectStore[] {
  if (resource_id !== '') return [vaults.get(resource_id)];
  const haveNone = rowsets.every(({ objects }) => 'paths' in objects && objects.paths.length === 0);
  return haveNone ? [] : vaults.all();
}

async function removeRecords({ store, progress, instance_id }: SweepContext, gone: readonly Gone[]): Promise<void> {
  const pairs = gone.map(({ rowset }) => rowset.pair);
  const removed = await removeUnchanged(store, pairs, (txn, { key }) => {
    const fields = keys.recycleRowset.decode(key);
    if (fields === undefined) return;
    const { begin, end } = keys.metaDeleteBitmap.range({
      instance_id,
      tablet_id: fields.tablet_id,
      rowset_id: fields.rowset_id,
    });
    txn.clearRange(begin, end);
  });
  let objects = 0;
  let bytes = 0;
  for (const each of gone) {
    objects += each.objects;
    bytes += each.bytes;
  }
  progress.deleted(removed, { objects, bytes });
}

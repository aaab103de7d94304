import type { DeletedObjects, ObjectStore } from '../objects/object-store.ts';
import { objectName } from './check/object-name.ts';
import { type RowsetName, rowsetPrefix } from './data-paths.ts';
import { allOf, sum } from './delete-objects.ts';
import type { Slots } from './jobs/slots.ts';

/** Deletes the objects of a rowset in all places, each place in a slot, by their names: what it has is not known. */
export async function deleteRowsetIn(
  places: readonly ObjectStore[],
  rowset: RowsetName,
  slots: Slots,
): Promise<DeletedObjects> {
  return sum(await allOf(places.map((place) => slots.run(() => deleteRowset(place, rowset)))));
}

async function deleteRowset(place: ObjectStore, rowset: RowsetName): Promise<DeletedObjects> {
  const prefix = rowsetPrefix(rowset);
  let objects = 0;
  let bytes = 0;
  for await (const page of place.list(prefix)) {
    const others = new Set<string>();
    for (const { key } of page) if (await isOfAnother(place, rowset, key)) others.add(key);
    const own = page.filter(({ key }) => !others.has(key));
    if (own.length > 0) await place.delete(own.map(({ key }) => key));
    objects += own.length;
    for (const { size_bytes } of own) bytes += size_bytes;
  }
  return { objects, bytes };
}

/** The file of one index of a segment, by what follows the prefix of the rowset. */
const INDEX_FILE = /^\d+_(?<index>-?\d+)(?:@.*)?\.idx$/s;
/** Frontends count the ids of indexes from here on, and no load makes so many segments. */
const FIRST_INDEX_ID = 10_000n;

/**
 * Whether an object belongs to a rowset whose id only begins as this one's does: where one id is `a` and another `a_1`, as no
 * backend of Doris has them, `a_1_0.dat` is the data of the other, and `a_1_0.idx` is the index of that data if it is there.
 */
async function isOfAnother(place: ObjectStore, rowset: RowsetName, key: string): Promise<boolean> {
  const name = objectName(key);
  if (name === undefined || name.rowset_ids.at(-1) === rowset.rowset_id) return false;
  if (!name.rowset_ids.includes(rowset.rowset_id)) return true;
  const index = INDEX_FILE.exec(key.slice(rowsetPrefix(rowset).length))?.groups?.index;
  if (index === undefined || BigInt(index) < 0n || BigInt(index) >= FIRST_INDEX_ID) return false;
  return place.exists(key.replace(/\.idx$/, '.dat'));
}

import type { DeletedObjects, ObjectStore } from '../objects/object-store.ts';
import type { Slots } from './jobs/slots.ts';
import { slices } from './recycle-batch.ts';

/** As many as one call of the S3 family takes. */
const OBJECTS_PER_CALL = 1000;

/** Deletes objects of one place in full batches, each in a slot. When it resolves, all of them are gone. */
export async function deleteObjects(place: ObjectStore, paths: readonly string[], slots: Slots): Promise<void> {
  await allOf([...slices(paths, OBJECTS_PER_CALL)].map((some) => slots.run(() => place.delete(some))));
}

/** Deletes the objects of all places whose keys begin with `prefix`, each place in a slot. */
export async function deletePrefixIn(
  places: readonly ObjectStore[],
  prefix: string,
  slots: Slots,
): Promise<DeletedObjects> {
  return sum(await allOf(places.map((place) => slots.run(() => place.deletePrefix(prefix)))));
}

export function sum(deleted: readonly DeletedObjects[]): DeletedObjects {
  let objects = 0;
  let bytes = 0;
  for (const each of deleted) {
    objects += each.objects;
    bytes += each.bytes;
  }
  return { objects, bytes };
}

/** As `Promise.all`, but rejects only when all have come to their end, so that nothing goes on behind one's back. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

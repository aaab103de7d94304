import type { DeletedObjects, ObjectStore, StoredObject } from '../objects/object-store.ts';
import type { SweepContext } from './sweep.ts';

export interface DeleteListedOptions {
  /** Whether an object goes. */
  readonly goes: (object: StoredObject) => boolean;
  /** Why, for plans. */
  readonly why: string;
  /** Asked before each page of objects goes: nothing more does once it answers false. */
  readonly stillDue?: () => Promise<boolean>;
}

/** Deletes objects of a place, a page of its listing at a time, and resolves to what is gone. In a dry run it plans that. */
export async function deleteListed(
  { signal, dry_run, progress }: SweepContext,
  place: ObjectStore,
  { goes, why, stillDue }: DeleteListedOptions,
): Promise<DeletedObjects> {
  let objects = 0;
  let bytes = 0;
  for await (const page of place.list('')) {
    signal.throwIfAborted();
    const due = page.filter(goes);
    if (due.length === 0) continue;
    if (dry_run) {
      for (const { key } of due) progress.planned({ what: `${place.name}/${key}`, why });
      continue;
    }
    if (stillDue && !(await stillDue())) break;
    await place.delete(due.map(({ key }) => key));
    objects += due.length;
    for (const { size_bytes } of due) bytes += size_bytes;
  }
  return { objects, bytes };
}

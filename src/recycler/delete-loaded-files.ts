import type { keys } from '../keys/key-table.ts';
import type { DeletedObjects, ObjectStore, StoredObject } from '../objects/object-store.ts';
import type { FoundRecord } from './record-of-pair.ts';
import type { SweepContext } from './sweep.ts';

export type CopyJob = FoundRecord<typeof keys.copyJob.shape>;

/**
 * Deletes the files that finished jobs have loaded from a stage. What the storage shows at a path with another etag is
 * another file, which came to its place since and may be loaded yet: it stays. Where a listing doesn't show an object or
 * its etag, the job's word counts.
 */
export async function deleteLoadedFiles(
  { signal, dry_run, progress }: SweepContext,
  place: ObjectStore,
  jobs: readonly CopyJob[],
): Promise<DeletedObjects> {
  const etags = etagsByKey(jobs);
  const loaded = [...etags.keys()].sort();
  if (loaded.length === 0) return { objects: 0, bytes: 0 };
  const doomed = new Set(loaded);
  let bytes = 0;
  for await (const page of place.list(commonStart(loaded))) {
    signal.throwIfAborted();
    for (const object of page) {
      if (!doomed.has(object.key)) continue;
      if (isAnother(object, etags.get(object.key) ?? [])) doomed.delete(object.key);
      else bytes += object.size_bytes;
    }
  }
  if (dry_run) {
    for (const key of doomed) progress.planned({ what: `${place.name}/${key}`, why: 'it was loaded' });
    return { objects: 0, bytes: 0 };
  }
  await place.delete([...doomed]);
  return { objects: doomed.size, bytes };
}

/** The etags that the files had when they were loaded, by their paths, which are their keys in the place of the stage. */
function etagsByKey(jobs: readonly CopyJob[]): Map<string, string[]> {
  const etags = new Map<string, string[]>();
  for (const { record } of jobs) {
    for (const { relativePath, etag } of record.objectFiles) {
      const known = etags.get(relativePath);
      if (known) known.push(etag);
      else etags.set(relativePath, [etag]);
    }
  }
  return etags;
}

/** Storages and their clients write etags with and without quotes, and MD5 sums in either case. */
function isAnother({ etag }: StoredObject, loaded: readonly string[]): boolean {
  return etag !== undefined && etag !== '' && loaded.every((one) => one !== '' && plain(one) !== plain(etag));
}

function plain(etag: string): string {
  return etag.replace(/^(?:W\/)?"|"$/g, '').toLowerCase();
}

/** What all of some sorted texts begin with. */
function commonStart(sorted: readonly string[]): string {
  const [first = ''] = sorted;
  const last = sorted.at(-1) ?? '';
  let length = 0;
  while (length < first.length && first[length] === last[length]) length++;
  return first.slice(0, length);
}

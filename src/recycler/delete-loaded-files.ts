import type { keys } from '../keys/key-table.ts';
import type { DeletedObjects, ObjectStore, StoredObject } from '../objects/object-store.ts';
import { eachAtATime } from './at-a-time.ts';
import type { FoundRecord } from './record-of-pair.ts';
import type { SweepContext } from './sweep.ts';

export type CopyJob = FoundRecord<typeof keys.copyJob.shape>;

export interface DeletedFiles extends DeletedObjects {
  /** The paths of files that are there though the listing did not show them: they wait for another one. */
  readonly unseen: ReadonlySet<string>;
}

/** How many files that a listing did not show are looked for side by side. */
const LOOKED_FOR_AT_A_TIME = 16;

/**
 * Deletes the files that finished jobs have loaded from a stage. What the storage shows at a path with another etag is
 * another file, which came to its place since and may be loaded yet: it stays. Where a listing doesn't show etags, the job's
 * word counts. Each page of the listing is acted on at once, since users may put new files to the same paths meanwhile; and
 * what was not in it is not deleted unseen, since it may be such a file.
 */
export async function deleteLoadedFiles(
  { signal, dry_run, progress }: SweepContext,
  place: ObjectStore,
  jobs: readonly CopyJob[],
): Promise<DeletedFiles> {
  const etags = etagsByKey(jobs);
  const left = new Set(etags.keys());
  const loaded = [...left].sort();
  let objects = 0;
  let bytes = 0;
  if (loaded.length === 0) return { objects, bytes, unseen: left };
  for await (const page of place.list(commonStart(loaded))) {
    signal.throwIfAborted();
    const seen = page.filter(({ key }) => left.delete(key));
    const doomed = seen.filter((object) => !isAnother(object, etags.get(object.key) ?? []));
    if (dry_run) {
      for (const { key } of doomed) progress.planned({ what: `${place.name}/${key}`, why: 'it was loaded' });
      continue;
    }
    if (doomed.length > 0) await place.delete(doomed.map(({ key }) => key));
    objects += doomed.length;
    for (const { size_bytes } of doomed) bytes += size_bytes;
  }
  return { objects, bytes, unseen: await thereAmong(place, left) };
}

async function thereAmong(place: ObjectStore, paths: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  await eachAtATime(paths, LOOKED_FOR_AT_A_TIME, async (path) => {
    if (await place.exists(path)) there.add(path);
  });
  return there;
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

import type { FillableStore } from '../../kv/fillable-store.ts';
import { HIGHEST_CREDIBLE_VERSION } from '../../records/txn-id.ts';
import type { DumpHeader, DumpTotals } from '../contents.ts';
import { DumpError } from '../dump-error.ts';
import { VERSIONS_OF_A_DAY } from '../later-versions.ts';
import { type DumpReader, readDump } from '../read-dump.ts';
import { mayBeAdded } from './added-instance.ts';
import {
  type Filling,
  fillingOf,
  isEmpty,
  lastOf,
  noteOf,
  rangesFilled,
  undoAfterError,
  undoFilling,
} from './filling.ts';
import { Loader } from './loader.ts';
import { RestoreError } from './restore-error.ts';

export interface RestoreOptions {
  /** Whether the one instance of the dump may be added to a store that has others. The dump is read twice then. */
  readonly into_non_empty?: boolean;
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Aborted when the restore is to stop, which then rejects with the reason; it can go on later. */
  readonly signal?: AbortSignal;
}

export interface RestoreProgress {
  /** Those that are in the store. */
  readonly pairs: number;
  /** How many bytes of the dump have been read. */
  readonly bytes: number;
}

export interface Restored extends DumpTotals {
  readonly header: DumpHeader;
  /** Those that an earlier restore of this dump had brought, which did not come to its end. */
  readonly pairs_before: number;
  /** The version that every later transaction id and versionstamp is above. */
  readonly version: bigint;
}

/**
 * Loads a dump into a store that is empty, or into which a restore of the same dump was begun, which then goes on where it
 * was. `open` begins to read the dump from its first byte.
 *
 * Rejects with a RestoreError or a DumpError when the dump can't be taken: then what this dump had brought is removed
 * again. Where the store or the reading fails, and where `signal` is aborted, the store stays unfinished, and the restore
 * can go on.
 */
export async function restoreDump(
  store: FillableStore,
  open: () => AsyncIterable<Uint8Array>,
  options: RestoreOptions = {},
): Promise<Restored> {
  const reader = await readDump(open());
  try {
    const filling = await begin(store, reader.header, open, options.into_non_empty === true);
    return await load(store, reader, filling, options).catch(async (error: unknown) => {
      if (error instanceof DumpError || error instanceof RestoreError) await undoAfterError(store);
      throw error;
    });
  } finally {
    await reader.close();
  }
}

/** Marks the store as being filled with this dump. What it was filled with before, if that was another, is removed first. */
async function begin(
  store: FillableStore,
  header: DumpHeader,
  open: () => AsyncIterable<Uint8Array>,
  into_non_empty: boolean,
): Promise<Filling> {
  if (header.version > HIGHEST_CREDIBLE_VERSION) {
    throw new RestoreError(`the dump's version, ${header.version}, is higher than any that a store can have`);
  }
  const before = await fillingOf(store);
  if (before?.dump === header.id) return before;
  await undoFilling(store);
  const added_instance = await instanceToAdd(store, header, open, into_non_empty);
  const filling = { dump: header.id, added_instance };
  await store.setUnfinished(noteOf(filling));
  return filling;
}

/** The instance that is to be added to others; undefined for a store that is empty. */
async function instanceToAdd(
  store: FillableStore,
  header: DumpHeader,
  open: () => AsyncIterable<Uint8Array>,
  into_non_empty: boolean,
): Promise<string | undefined> {
  if (await isEmpty(store, store.home)) return undefined;
  const { instance_id } = header;
  if (instance_id === undefined) {
    throw new RestoreError('the store is not empty, and a dump of a whole store is restored into an empty one alone');
  }
  if (!into_non_empty) {
    throw new RestoreError('the store is not empty; with --into-non-empty the instance is added to what it has');
  }
  const filling = { dump: header.id, added_instance: instance_id };
  if (!(await isEmpty(store, rangesFilled(store, filling)))) {
    throw new RestoreError(`the store has an instance ${JSON.stringify(instance_id)} already, or traces of it`);
  }
  await mayBeAdded(store, open, header.id);
  return instance_id;
}

async function load(
  store: FillableStore,
  reader: DumpReader,
  filling: Filling,
  options: RestoreOptions,
): Promise<Restored> {
  const loader = new Loader(store, await lastOf(store, rangesFilled(store, filling)), filling, 'the dump');
  try {
    return await loadAll(store, reader, loader, options);
  } finally {
    await loader.settled();
  }
}

async function loadAll(
  store: FillableStore,
  reader: DumpReader,
  loader: Loader,
  options: RestoreOptions,
): Promise<Restored> {
  const blocks = reader.blocks();
  for (;;) {
    options.signal?.throwIfAborted();
    const { done, value } = await blocks.next();
    if (done) {
      await loader.flush();
      const { header } = reader;
      const version = header.version + VERSIONS_OF_A_DAY;
      await store.advanceVersion(version);
      await store.setUnfinished(undefined);
      return { ...value, header, pairs_before: loader.pairs_before, version };
    }
    await loader.add(value.pairs);
    options.onProgress?.({ pairs: loader.pairs, bytes: value.bytes });
  }
}

import { type Database, open, type RootDatabase } from 'lmdb';
import { UNFINISHED } from '../fillable-store.ts';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { checkDataFile, padDataFile } from './data-file.ts';
import { syncDirectory } from './directory.ts';
import { keyCodec } from './key-codec.ts';
import { storageError } from './storage-error.ts';
import { writeStoredVersion } from './version.ts';

/** The pairs of the users, in a database of their own. */
export type DataDatabase = Database<Uint8Array, Uint8Array | string>;
/** Our own few entries, in LMDB's main database. */
export type OwnDatabase = RootDatabase<Uint8Array, Uint8Array>;

/** One handle on the directory. LMDB shares what is under all handles of a process. */
export interface Handle {
  readonly own: OwnDatabase;
  readonly data: DataDatabase;
}

/**
 * The directory, opened twice: while a write transaction runs, lmdb answers every read of the same handle from that
 * transaction; a second handle goes on reading snapshots.
 */
export interface Environment {
  readonly dir: string;
  readonly reader: Handle;
  readonly writer: Handle;
  close(): Promise<void>;
}

const DATA_NAME = 'data';
// lmdb's declarations don't know `keyEncoder`, so the options may not be a literal at the call.
const DATA_OPTIONS = { name: DATA_NAME, encoding: 'binary' as const, keyEncoder: keyCodec, useVersions: false };
const FORMAT_KEY = Buffer.from('format');
/** Raised when a store that this version writes can't be read by the versions before. */
const FORMAT = 'nereus-store 1';
/** There while the store is being filled from elsewhere, and left there when that did not come to its end. */
const UNFINISHED_KEY = Buffer.from('unfinished');

/** Slots for the snapshots that all processes hold at a time. */
const MOST_READERS = 8192;

const HANDLE_OPTIONS = {
  // A directory whose name has a dot would be taken for the name of a file.
  noSubdir: false,
  encoding: 'binary',
  keyEncoding: 'binary',
  // The entry with the version carries it a second time, where a commit can be made to depend on it.
  useVersions: true,
  maxDbs: 4,
  maxReaders: MOST_READERS,
  // With overlapping syncs a commit is seen by readers before it is on disk. Here the sync is part of the commit.
  overlappingSync: false,
  // Batches by turns of the event loop come with a promise that nobody gets to see; rejected, as by a full disk, it
  // would end the process.
  eventTurnBatching: false,
  // A batch is handed over whole: a worker that begins before waits for the rest by polling.
  batchStartThreshold: Number.MAX_SAFE_INTEGER,
} as const;

/**
 * Opens the store in a directory, or makes one in it. Nobody may commit to it meanwhile. Throws a `storage` StoreError
 * when it can't be read or written, is damaged, or is not a store of ours; unless `to_fill`, also when it is unfinished.
 */
export async function openEnvironment(dir: string, map_size_bytes?: number, to_fill = false): Promise<Environment> {
  const handles: Handle[] = [];
  try {
    checkDataFile(dir);
    const writer = await openHandle(dir, map_size_bytes);
    handles.push(writer);
    if (!to_fill && unfinishedNote(writer.own) !== undefined) {
      throw new StoreError(StoreErrorCode.Storage, UNFINISHED);
    }
    const reader = await openHandle(dir, map_size_bytes);
    handles.push(reader);
    // The file's own syncs don't cover its name.
    syncDirectory(dir);
    return { dir, reader, writer, close: () => closeHandles(handles) };
  } catch (error) {
    await closeHandles(handles);
    throw storageError(`The store in ${dir} can't be opened`, error);
  }
}

async function openHandle(dir: string, map_size_bytes: number | undefined): Promise<Handle> {
  const own: OwnDatabase = open({
    ...HANDLE_OPTIONS,
    path: dir,
    ...(map_size_bytes === undefined ? {} : { mapSize: map_size_bytes }),
  });
  try {
    checkFormat(dir, own);
    const data: DataDatabase = own.openDB(DATA_OPTIONS);
    return { own, data };
  } catch (error) {
    await own.close();
    throw error;
  }
}

/** Marks an empty directory as ours, and refuses what another program or a later version has written. */
function checkFormat(dir: string, own: OwnDatabase): void {
  own.transactionSync(() => {
    padDataFile(dir);
    const found = own.get(FORMAT_KEY);
    if (found === undefined) {
      if (own.getKeysCount({ limit: 1 }) > 0) {
        throw new StoreError(StoreErrorCode.Storage, 'it holds an LMDB database that is not a store of Nereus');
      }
      void own.put(FORMAT_KEY, Buffer.from(FORMAT));
      writeStoredVersion(own, 0n);
    } else if (Buffer.from(found).toString() !== FORMAT) {
      throw new StoreError(
        StoreErrorCode.Storage,
        `it was written by another version: its format is "${Buffer.from(found).toString()}", not "${FORMAT}"`,
      );
    }
  });
}

/** What was noted when the store began to be filled from elsewhere; undefined unless it still is. */
export function unfinishedNote(own: OwnDatabase): string | undefined {
  const note = own.get(UNFINISHED_KEY);
  return note === undefined ? undefined : Buffer.from(note).toString();
}

/** Notes on disk that the store is unfinished, or with undefined that it is not. */
export function setUnfinishedNote(own: OwnDatabase, note: string | undefined): void {
  own.transactionSync(() => {
    void (note === undefined ? own.remove(UNFINISHED_KEY) : own.put(UNFINISHED_KEY, Buffer.from(note)));
  });
}

async function closeHandles(handles: readonly Handle[]): Promise<void> {
  for (const handle of handles) {
    await handle.own.close();
  }
}

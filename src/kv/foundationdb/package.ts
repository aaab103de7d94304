import { StoreError, StoreErrorCode } from '../store-error.ts';
import { readError } from './errors.ts';
import { endInTime } from './outstanding.ts';

/** The version of the npm package `foundationdb` that this engine was written for, from its source. */
export const PACKAGE_VERSION = '2.0.1';
/** The version of FoundationDB's C interface whose behaviour is asked for; clients and clusters from 7.2 on have it. */
const API_VERSION = 720;

/** Where a range begins or ends: the first key that is not below `key`, with these two as they are in `keyOrAfter`. */
export interface KeySelector {
  readonly key: Buffer;
  readonly orEqual: boolean;
  readonly offset: number;
}

export interface FdbPage {
  readonly results: readonly (readonly [Buffer, Buffer])[];
  /** Whether there may be more pairs behind these, up to the end of the range. */
  readonly more: boolean;
}

/**
 * What this engine uses of a transaction of the package, in the package's own words. Promises reject with an Error that has
 * the number of a FoundationDB error as its `code`. What is set is sent when it commits, in the order of the calls.
 */
export interface FdbTransaction {
  /** The same transaction, whose reads conflict with nothing. */
  snapshot(): FdbTransaction;
  get(key: Buffer): Promise<Buffer | undefined>;
  getRangeNative(
    start: KeySelector,
    end: KeySelector,
    limit: number,
    target_bytes: number,
    streaming_mode: number,
    iteration: number,
    reverse: boolean,
  ): Promise<FdbPage>;
  set(key: Buffer, value: Buffer): void;
  clear(key: Buffer): void;
  clearRange(begin: Buffer, end: Buffer): void;
  atomicOpNative(operation: number, key: Buffer, operand: Buffer): void;
  addReadConflictRange(begin: Buffer, end: Buffer): void;
  /** Eight bytes, big-endian. */
  getReadVersion(): Promise<Buffer>;
  /** To be called before the commit; its promise, of ten bytes, resolves after it. */
  getVersionstamp(): { readonly promise: Promise<Buffer> };
  rawCommit(): Promise<void>;
  /** As if it were new: forgets what was read and written, and ends what is still asked for. */
  rawReset(): void;
  rawCancel(): void;
}

/** Options by the package's names. */
export interface FdbTransactionOptions {
  /** From the first call on, in milliseconds: then everything that is not answered rejects with 1031. Without it, it waits for ever. */
  readonly timeout: number;
  /** Reads see the store as it was, and writes are sent in the order of their calls. */
  readonly read_your_writes_disable?: true;
  /** Lets the cluster be asked to do something by a write to one of its special keys. */
  readonly special_key_space_enable_writes?: true;
}

export interface FdbDatabase {
  rawCreateTransaction(options: FdbTransactionOptions): FdbTransaction;
  close(): void;
}

/** The package: one a process, and in one thread of it only. */
export interface FdbPackage {
  setAPIVersion(version: number): void;
  /** Does not wait for the cluster. */
  open(cluster_file_path: string): FdbDatabase;
}

/** Imports a module by its name. */
export type ImportModule = (name: string) => Promise<unknown>;

const importModule: ImportModule = (name) => import(name);

/** Loads the package, which only an engine that was chosen needs. Rejects with a `storage` StoreError that says what to install. */
export async function loadPackage(load: ImportModule = importModule): Promise<FdbPackage> {
  try {
    const loaded = (await load('foundationdb')) as { readonly default: FdbPackage };
    return loaded.default;
  } catch (error) {
    throw new StoreError(StoreErrorCode.Storage, whyNotLoaded(error), { cause: error });
  }
}

/** The database of a cluster. Throws a `storage` StoreError. */
export function openDatabase(fdb: FdbPackage, cluster_file_path: string): FdbDatabase {
  try {
    fdb.setAPIVersion(API_VERSION);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      StoreErrorCode.Storage,
      `The FoundationDB client library does not know API version ${API_VERSION} (${reason}); install the client package of FoundationDB 7.2 or newer.`,
      { cause: error },
    );
  }
  try {
    endInTime();
    return fdb.open(cluster_file_path);
  } catch (error) {
    throw readError(error);
  }
}

const INSTALLING = `npm install --no-save --ignore-scripts foundationdb@${PACKAGE_VERSION}`;
const COMPILING = `npm install --no-save foundationdb@${PACKAGE_VERSION}`;

function whyNotLoaded(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return `The npm package foundationdb is not installed; in the folder of Nereus, run: ${INSTALLING}`;
  }
  if (message.includes('libfdb_c')) {
    return `The FoundationDB client library is missing (${message}); install the client package of FoundationDB 7.2 or newer, which brings libfdb_c.so, and start again.`;
  }
  return `The npm package foundationdb can't be loaded on this machine (${message}); it brings builds for Linux on x64 and for macOS: elsewhere a compiler and the FoundationDB client package must be there when it is installed: ${COMPILING}`;
}

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { ClusterToFill, fillingNote } from '../dump/cluster/cluster-to-fill.ts';
import { mustNotBeServed } from '../dump/cluster/living-services.ts';
import { keys } from '../keys/key-table.ts';
import { openEmbeddedStore } from '../kv/embedded/store.ts';
import { type FillableStore, UNFINISHED } from '../kv/fillable-store.ts';
import type { FoundationDbStore } from '../kv/foundationdb/store.ts';
import type { ReceiptKeys } from '../kv/receipts.ts';
import type { Store } from '../kv/store.ts';
import { StoreError, StoreErrorCode } from '../kv/store-error.ts';
import { storeStartError } from './start-error.ts';

export interface OpenStoreOptions {
  readonly settings: Settings;
  /** The processes that share an embedded store, by a name that they alone have. Without it, it is this process's alone. */
  readonly group: string | undefined;
  /** Told when the disk has failed so that an embedded store must be opened again. */
  readonly on_broken: (why: StoreError) => void;
}

/** Opens the store that the settings name. Rejects with a StartError that says what to do. */
export async function openStore({ settings, group, on_broken }: OpenStoreOptions): Promise<Store> {
  try {
    if (settings.kv === 'foundationdb') return await openSwept(settings);
    const shared = group === undefined ? { exclusive: true, admits_readers: true } : { group };
    return await openEmbeddedStore({ dir: settings.data_dir, on_broken, ...shared });
  } catch (error) {
    throw storeStartError(error, settings);
  }
}

/** Opens the store that the settings name for whoever only reads, also beside a service. Rejects with a StartError. */
export async function openStoreToRead(settings: Settings): Promise<Store> {
  try {
    if (settings.kv === 'foundationdb') return await openFilled(settings);
    return await openEmbeddedStore({ dir: settings.data_dir, reads_only: true });
  } catch (error) {
    throw storeStartError(error, settings);
  }
}

/**
 * Opens the store that the settings name for whoever fills it, also where that was begun before. Rejects with a StartError,
 * also when a service is on it.
 */
export async function openStoreToFill(settings: Settings): Promise<FillableStore> {
  try {
    if (settings.kv === 'embedded') {
      return await openEmbeddedStore({ dir: settings.data_dir, exclusive: true, to_fill: true });
    }
    return await openedWith(settings, async (store) => {
      await mustNotBeServed(store);
      return new ClusterToFill(store);
    });
  } catch (error) {
    throw storeStartError(error, settings);
  }
}

/** Where the engine keeps its receipts: at keys that Doris does not look at. */
const RECEIPTS: ReceiptKeys = {
  range: keys.systemReceipt.range({}),
  at: (opener, place) => keys.systemReceipt.encode({ opener, place }),
};

async function openSwept(settings: Settings): Promise<Store> {
  return openedWith(settings, async (store) => {
    await mustBeFilled(store);
    await store.sweep();
    return store;
  });
}

function openFilled(settings: Settings): Promise<Store> {
  return openedWith(settings, async (store) => {
    await mustBeFilled(store);
    return store;
  });
}

/** What `prepare` makes of the store in the cluster, which is closed again where that rejects. */
async function openedWith<T>(settings: Settings, prepare: (store: FoundationDbStore) => Promise<T>): Promise<T> {
  const store = await openFoundationDb(settings);
  try {
    return await prepare(store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function mustBeFilled(store: Store): Promise<void> {
  if ((await fillingNote(store)) !== undefined) throw new StoreError(StoreErrorCode.Storage, UNFINISHED);
}

async function openFoundationDb(settings: Settings): Promise<FoundationDbStore> {
  const { fdb_cluster, fdb_cluster_file_path, fdb_txn_timeout_ms } = settings;
  if (fdb_cluster !== '') await writeClusterFile(fdb_cluster_file_path, fdb_cluster);
  const { openFoundationDbStore } = await import('../kv/foundationdb/store.ts');
  return openFoundationDbStore({
    cluster_file_path: fdb_cluster_file_path,
    timeout_ms: fdb_txn_timeout_ms,
    receipts: RECEIPTS,
  });
}

/** Writes the whole file or none of it, since several processes may start at a time. */
async function writeClusterFile(path: string, cluster: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}`;
  await writeFile(beside, `# Written by Nereus at each start, from the setting fdb_cluster.\n${cluster}\n`);
  await rename(beside, path);
}

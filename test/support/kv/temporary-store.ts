import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedStore, type EmbeddedStoreOptions, openEmbeddedStore } from '../../../src/kv/embedded/store.ts';

/** An embedded store in a folder of its own. */
export interface TemporaryStore {
  readonly dir: string;
  store: EmbeddedStore;
  /** Closes the store and opens the folder again. */
  reopen(): Promise<EmbeddedStore>;
  /** Closes the store and removes the folder. */
  dispose(): Promise<void>;
}

/** Opens an embedded store in a new folder. */
export async function temporaryStore(options: Omit<EmbeddedStoreOptions, 'dir'> = {}): Promise<TemporaryStore> {
  const dir = await temporaryFolder();
  const temporary: TemporaryStore = {
    dir,
    store: await openEmbeddedStore({ ...options, dir }),
    async reopen() {
      await temporary.store.close();
      temporary.store = await openEmbeddedStore({ ...options, dir });
      return temporary.store;
    },
    async dispose() {
      await temporary.store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return temporary;
}

/** A new folder; whoever asks for it removes it. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'nereus-kv-'));
}

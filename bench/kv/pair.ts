import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';

/** Our store and a bare LMDB with the same promise of durability, beside each other on one disk. */
export interface Pair {
  readonly store: EmbeddedStore;
  readonly bare: RootDatabase<Uint8Array, Uint8Array>;
  dispose(): Promise<void>;
}

export async function openPair(): Promise<Pair> {
  const folder = await mkdtemp(join(tmpdir(), 'nereus-bench-'));
  const store = await openEmbeddedStore({ dir: join(folder, 'store'), exclusive: true });
  const bare: RootDatabase<Uint8Array, Uint8Array> = open({
    path: join(folder, 'bare'),
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
  });
  return {
    store,
    bare,
    async dispose() {
      await store.close();
      await bare.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The key with number `i`, as long as a typical key of the service. */
export function key(i: number): Uint8Array {
  return Buffer.from(`benchmark/instance/${String(i).padStart(10, '0')}`);
}

export const VALUE = Buffer.alloc(100, 'v');

/** Fills a store with the keys from 0 to `count - 1`. */
export async function fill(store: EmbeddedStore, count: number): Promise<void> {
  const KEYS_IN_A_COMMIT = 50_000;
  for (let from = 0; from < count; from += KEYS_IN_A_COMMIT) {
    const txn = store.begin();
    for (let i = from; i < Math.min(count, from + KEYS_IN_A_COMMIT); i++) {
      txn.set(key(i), VALUE);
    }
    await txn.commit();
  }
}

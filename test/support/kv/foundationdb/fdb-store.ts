import { randomBytes } from 'node:crypto';
import { type FoundationDbStore, openFoundationDbStore } from '../../../../src/kv/foundationdb/store.ts';
import type { ReceiptKeys } from '../../../../src/kv/receipts.ts';
import type { Store } from '../../../../src/kv/store.ts';
import { prefixedStore } from '../prefixed-store.ts';
import { Cluster } from './cluster.ts';
import { packageOver } from './package.ts';

/** Longer than a version of a cluster is kept, also where versions rise now and then. */
const TIMEOUT_MS = 20_000;

export interface FdbUnderTest {
  readonly store: Store;
  /** What all keys of the store begin with. */
  readonly part: Buffer;
  /** A second opener of the same store, or the same one again after it was closed. */
  reopen(): Promise<Store>;
  /** Removes what was written, and closes what was opened. */
  dispose(): Promise<void>;
}

/** The engine on a cluster in this process, which is a double, in a part of it that nobody else uses. */
export function openOnDouble(cluster = new Cluster(), timeout_ms = TIMEOUT_MS): Promise<FdbUnderTest> {
  const fdb = packageOver(cluster);
  return underTest(() => openFoundationDbStore({ cluster_file_path: 'double', timeout_ms, receipts: RECEIPTS, fdb }));
}

/** The engine on a real cluster, in a part of it that nobody else uses. */
export function openOnCluster(cluster_file_path: string): Promise<FdbUnderTest> {
  return underTest(() => openWhole(cluster_file_path));
}

/** All that is in a cluster. */
export function openWhole(cluster_file_path: string): Promise<FoundationDbStore> {
  return openFoundationDbStore({ cluster_file_path, timeout_ms: TIMEOUT_MS, receipts: RECEIPTS });
}

/** Receipts of all tests, which later ones remove. */
const RECEIPTS: ReceiptKeys = {
  range: { begin: Buffer.from('nereus-test-receipts/'), end: Buffer.from('nereus-test-receipts0') },
  at: (opener, place) => Buffer.from(`nereus-test-receipts/${opener} ${place}`),
};

async function underTest(open: () => Promise<FoundationDbStore>): Promise<FdbUnderTest> {
  const part = Buffer.concat([Buffer.from('nereus-test/'), randomBytes(8), Buffer.from('/')]);
  const opened: Store[] = [];
  const openAgain = async () => {
    const store = await open();
    opened.push(store);
    return prefixedStore(store, part);
  };
  return {
    store: await openAgain(),
    part,
    reopen: openAgain,
    async dispose() {
      const last = await open();
      await last.sweep();
      await last.transact(async (txn) => txn.clearRange(part, Buffer.concat([part, Buffer.of(0xff)])));
      await Promise.all([...opened, last].map((store) => store.close()));
    },
  };
}

import { randomBytes } from 'node:crypto';
import { openFoundationDbStore } from '../../../../src/kv/foundationdb/store.ts';
import type { ReceiptKeys } from '../../../../src/kv/receipts.ts';
import type { Store } from '../../../../src/kv/store.ts';
import { prefixedStore } from '../prefixed-store.ts';
import { Cluster } from './cluster.ts';
import { packageOver } from './package.ts';

/** The cluster file of a cluster for tests, whose other data they leave alone; undefined where there is none. */
export const CLUSTER_FILE = process.env.FDB_CLUSTER_FILE || undefined;

const TIMEOUT_MS = 10_000;

export interface FdbUnderTest {
  readonly store: Store;
  /** A second opener of the same store, or the same one again after it was closed. */
  reopen(): Promise<Store>;
  /** Removes what was written, and closes what was opened. */
  dispose(): Promise<void>;
}

/** The engine on a cluster in this process, which is a double, in a part of it that nobody else uses. */
export function openOnDouble(cluster = new Cluster(), timeout_ms = TIMEOUT_MS): Promise<FdbUnderTest> {
  const fdb = packageOver(cluster);
  return underTest((receipts) => openFoundationDbStore({ cluster_file_path: 'double', timeout_ms, receipts, fdb }));
}

/** The engine on a real cluster, in a part of it that nobody else uses. */
export function openOnCluster(cluster_file_path: string): Promise<FdbUnderTest> {
  return underTest((receipts) => openFoundationDbStore({ cluster_file_path, timeout_ms: TIMEOUT_MS, receipts }));
}

/** Receipts of all tests, which later ones remove. */
const RECEIPTS: ReceiptKeys = {
  range: { begin: Buffer.from('nereus-test-receipts/'), end: Buffer.from('nereus-test-receipts0') },
  at: (opener, place) => Buffer.from(`nereus-test-receipts/${opener} ${place}`),
};

async function underTest(open: (receipts: ReceiptKeys) => Promise<Store>): Promise<FdbUnderTest> {
  const part = Buffer.concat([Buffer.from('nereus-test/'), randomBytes(8), Buffer.from('/')]);
  const opened: Store[] = [];
  const openAgain = async () => {
    const store = await open(RECEIPTS);
    opened.push(store);
    return prefixedStore(store, part);
  };
  return {
    store: await openAgain(),
    reopen: openAgain,
    async dispose() {
      const last = await open(RECEIPTS);
      await last.transact(async (txn) => txn.clearRange(part, Buffer.concat([part, Buffer.of(0xff)])));
      await Promise.all([...opened, last].map((store) => store.close()));
    },
  };
}

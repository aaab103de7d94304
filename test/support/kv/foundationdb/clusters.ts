import { keys } from '../../../../src/keys/key-table.ts';
import type { FdbPackage } from '../../../../src/kv/foundationdb/package.ts';
import type { FoundationDbStore } from '../../../../src/kv/foundationdb/store.ts';
import { Cluster } from './cluster.ts';
import { packageOver } from './package.ts';

/** The clusters of a test, by the paths of their cluster files. Each is a double. */
const clusters = new Map<string, Cluster>();

/** A cluster that the commands find by this path, where the test puts `doubled` in place of loading the package. */
export function newCluster(path: string, version?: bigint): Cluster {
  const cluster = new Cluster(version);
  clusters.set(path, cluster);
  return cluster;
}

/** Has a cluster found by another path as well. */
export function alsoAs(path: string, other: string): void {
  const cluster = clusters.get(path);
  if (cluster !== undefined) clusters.set(other, cluster);
}

/** Loads a package that opens the clusters of the test: `vi.mock('.../foundationdb/package.ts', (original) => doubled(original))`. */
export async function doubled(original: () => Promise<object>): Promise<object> {
  const fdb: FdbPackage = {
    setAPIVersion: () => undefined,
    open: (path) => {
      const cluster = clusters.get(path);
      if (cluster === undefined) throw new Error(`the test has no cluster ${path}`);
      const over = packageOver(cluster);
      over.setAPIVersion(720);
      return over.open(path);
    },
  };
  return { ...(await original()), loadPackage: async () => fdb };
}

/** The store in a cluster, as services have it open. */
export async function openCluster(path: string): Promise<FoundationDbStore> {
  // Not before the package is replaced, which is done by this very module.
  const { openFoundationDbStore } = await import('../../../../src/kv/foundationdb/store.ts');
  const receipts = {
    range: keys.systemReceipt.range({}),
    at: (opener: string, place: number) => keys.systemReceipt.encode({ opener, place: BigInt(place) }),
  };
  return openFoundationDbStore({ cluster_file_path: path, timeout_ms: 10_000, receipts });
}

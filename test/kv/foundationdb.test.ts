import { describe, test } from 'vitest';
import { CLUSTER_FILE, openOnCluster, openOnDouble } from '../support/kv/foundationdb/fdb-store.ts';
import { storeContract } from './contract.ts';

storeContract('The FoundationDB engine, on a double of a cluster,', openOnDouble);

if (CLUSTER_FILE === undefined) {
  describe('The FoundationDB engine, on a cluster,', () => {
    test.skip('keeps the promises of a store: not run, since FDB_CLUSTER_FILE names no cluster', () => undefined);
  });
} else {
  storeContract('The FoundationDB engine, on a cluster,', () => openOnCluster(CLUSTER_FILE as string));
}

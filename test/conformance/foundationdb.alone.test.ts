import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { decodeVersionstamp } from '../../src/kv/versionstamp.ts';
import { versionOfPair } from '../../src/records/version-of-pair.ts';
import { takeoverPairs } from '../keys/recorded.ts';
import { commandLine } from '../support/command-line.ts';
import { newCluster, openCluster } from '../support/kv/foundationdb/clusters.ts';
import { asDorisReadIt, type TakenOver } from './taken-over.ts';

const HERE = import.meta.dirname;

vi.mock('../../src/kv/foundationdb/package.ts', async (original) =>
  (await import('../support/kv/foundationdb/clusters.ts')).doubled(original),
);

/** The highest version that the pairs stem from. */
const HIGHEST = takeoverPairs().reduce((highest, pair) => {
  const version = versionOfPair(pair) ?? 0n;
  return version > highest ? version : highest;
}, 0n);

/** A double whose versions are far below those of the pairs, restored by the command. */
async function restored(): Promise<TakenOver> {
  newCluster('takeover.cluster', 5n);
  const args = ['restore', '--pairs', join(HERE, 'takeover/store.json')];
  const said = await commandLine([...args, '--kv', 'foundationdb', '--fdb-cluster-file-path', 'takeover.cluster']);
  // All but the registry of the services of the old cluster.
  expect(said).toMatchObject({ code: 0, out: expect.stringContaining(`restored ${takeoverPairs().length - 1} pairs`) });
  expect(said.err).toContain('1 pair was left out');
  const store = await openCluster('takeover.cluster');
  return { store, dispose: () => store.close() };
}

describe('a store that Doris wrote, on a double of a cluster,', () => {
  asDorisReadIt(restored);

  test('goes on with versions above all that it has', async () => {
    const store = await openCluster('takeover.cluster');
    expect(await store.transact((txn) => txn.readVersion())).toBeGreaterThan(HIGHEST);
    const txn = store.begin();
    txn.set(keys.txnIndex.encode({ instance_id: 'new', txn_id: 1n }), Buffer.of());
    await txn.commit();
    expect(decodeVersionstamp(txn.versionstamp()).version).toBeGreaterThan(HIGHEST);
    await store.close();
  });
});

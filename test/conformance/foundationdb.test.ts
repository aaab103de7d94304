import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeKey } from '../../src/keys/decode-key.ts';
import { keys } from '../../src/keys/key-table.ts';
import type { Store } from '../../src/kv/store.ts';
import { decodeVersionstamp } from '../../src/kv/versionstamp.ts';
import { versionOfPair } from '../../src/records/version-of-pair.ts';
import { takeoverPairs } from '../keys/recorded.ts';
import { commandLine } from '../support/command-line.ts';
import { newCluster, openCluster } from '../support/kv/foundationdb/clusters.ts';
import { CLUSTER_FILE, openOnCluster } from '../support/kv/foundationdb/fdb-store.ts';
import { serveStore } from '../support/kv/serve-store.ts';
import type { TestServer } from '../support/run-server.ts';
import { replay } from './replay.ts';
import type { Suite } from './suite.ts';

const HERE = import.meta.dirname;
const PAIRS_AT_A_TIME = 200;

vi.mock('../../src/kv/foundationdb/package.ts', async (original) =>
  (await import('../support/kv/foundationdb/clusters.ts')).doubled(original),
);

/** The highest version that the pairs stem from. */
const HIGHEST = takeoverPairs().reduce((highest, pair) => {
  const version = versionOfPair(pair) ?? 0n;
  return version > highest ? version : highest;
}, 0n);

interface TakenOver {
  readonly store: Store;
  dispose(): Promise<void>;
}

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

/** In a part of a cluster that nobody else uses, where the command would not put them. */
async function written(path: string): Promise<TakenOver> {
  const opened = await openOnCluster(path);
  const pairs = takeoverPairs();
  for (let at = 0; at < pairs.length; at += PAIRS_AT_A_TIME) {
    await opened.store.transact(async (txn) => {
      for (const { key, value } of pairs.slice(at, at + PAIRS_AT_A_TIME)) txn.set(key, value);
    });
  }
  return opened;
}

const ENGINES: readonly (readonly [string, () => Promise<TakenOver>])[] = [
  ['a double of a cluster', restored],
  ...(CLUSTER_FILE === undefined ? [] : [['a cluster', () => written(CLUSTER_FILE as string)] as const]),
];

test.skipIf(CLUSTER_FILE !== undefined)(
  'takeover on a cluster: not run, since FDB_CLUSTER_FILE names none',
  (context) => context.skip(),
);

describe.each(ENGINES)('a store that Doris wrote, on %s,', (engine, open) => {
  let opened: TakenOver;
  let server: TestServer;
  beforeAll(async () => {
    opened = await open();
    server = await serveStore(opened.store);
  });
  afterAll(async () => {
    await server.stop();
    await opened.dispose();
  });

  test('is read as Doris read it', async () => {
    const reads = JSON.parse(readFileSync(join(HERE, 'takeover/reads.json'), 'utf8')) as Suite;
    expect(await replay(reads, server)).toEqual([]);
  });

  test.runIf(engine === 'a double of a cluster')('goes on with versions above all that it has', async () => {
    expect(await opened.store.transact((txn) => txn.readVersion())).toBeGreaterThan(HIGHEST);
    const txn = opened.store.begin();
    txn.set(keys.txnIndex.encode({ instance_id: 'new', txn_id: 1n }), Buffer.of());
    await txn.commit();
    expect(decodeVersionstamp(txn.versionstamp()).version).toBeGreaterThan(HIGHEST);
  });

  test('has keys of known kinds only, also after it was served', async () => {
    const unknown: string[] = [];
    await opened.store.transact(async (txn) => {
      for await (const page of txn.getRange(Buffer.of(), Buffer.of(0xff))) {
        for (const { key } of page) if ('problem' in decodeKey(key)) unknown.push(Buffer.from(key).toString('hex'));
      }
    });
    expect(unknown).toEqual([]);
  });
});

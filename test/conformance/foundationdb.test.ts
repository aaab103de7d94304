import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeKey } from '../../src/keys/decode-key.ts';
import { versionOfPair } from '../../src/records/version-of-pair.ts';
import { takeoverPairs } from '../keys/recorded.ts';
import { Cluster } from '../support/kv/foundationdb/cluster.ts';
import { CLUSTER_FILE, type FdbUnderTest, openOnCluster, openOnDouble } from '../support/kv/foundationdb/fdb-store.ts';
import { serveStore } from '../support/kv/serve-store.ts';
import type { TestServer } from '../support/run-server.ts';
import { replay } from './replay.ts';
import type { Suite } from './suite.ts';

const HERE = import.meta.dirname;
const PAIRS_AT_A_TIME = 200;

/** Where a store that Doris wrote is taken over: a double, whose versions are above those of the pairs, and a cluster where there is one. */
const HIGHEST = takeoverPairs().reduce((highest, pair) => {
  const version = versionOfPair(pair) ?? 0n;
  return version > highest ? version : highest;
}, 0n);
const ENGINES: readonly (readonly [string, () => Promise<FdbUnderTest>])[] = [
  ['a double of a cluster', () => openOnDouble(new Cluster(HIGHEST + 1n))],
  ...(CLUSTER_FILE === undefined ? [] : [['a cluster', () => openOnCluster(CLUSTER_FILE as string)] as const]),
];

test.skipIf(CLUSTER_FILE !== undefined)(
  'takeover on a cluster: not run, since FDB_CLUSTER_FILE names none',
  (context) => context.skip(),
);

describe.each(ENGINES)('a store that Doris wrote, on %s,', (_engine, open) => {
  let opened: FdbUnderTest;
  let server: TestServer;
  beforeAll(async () => {
    opened = await open();
    const pairs = takeoverPairs();
    for (let at = 0; at < pairs.length; at += PAIRS_AT_A_TIME) {
      await opened.store.transact(async (txn) => {
        for (const { key, value } of pairs.slice(at, at + PAIRS_AT_A_TIME)) txn.set(key, value);
      });
    }
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

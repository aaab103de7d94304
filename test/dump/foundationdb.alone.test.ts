import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { collectRange } from '../../src/kv/collect-range.ts';
import { openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import type { KeyValue, Store } from '../../src/kv/store.ts';
import { writeRecord } from '../../src/records/message-record.ts';
import { ServiceRegistryPB_ItemSchema, ServiceRegistryPBSchema } from '../../src/schema/gen/cloud/registry_pb.ts';
import { commandLine } from '../support/command-line.ts';
import type { Cluster } from '../support/kv/foundationdb/cluster.ts';
import { newCluster, openCluster } from '../support/kv/foundationdb/clusters.ts';

vi.mock('../../src/kv/foundationdb/package.ts', async (original) =>
  (await import('../support/kv/foundationdb/clusters.ts')).doubled(original),
);

let folder: string;
let cluster: Cluster;
let file: string;
const opened: Store[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nereus-cluster-'));
  file = join(folder, 'fdb.cluster');
  cluster = newCluster(file);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
  await rm(folder, { recursive: true });
});

const onCluster = () => ['--kv', 'foundationdb', '--fdb-cluster-file-path', file];
const at = (name: string) => join(folder, name);

async function inCluster(path = file): Promise<Store> {
  const store = await openCluster(path);
  opened.push(store);
  return store;
}

/** Keys of Doris, in their order, and one of another program beside them. */
const PAIRS: KeyValue[] = Array.from({ length: 300 }, (_, i) => ({
  key: keys.txnIndex.encode({ instance_id: 'i', txn_id: BigInt(i) << 10n }),
  value: Buffer.alloc(i % 50, i),
}));
const OTHERS = { key: Buffer.from('another program'), value: Buffer.from('its own') };

async function fill(store: Store, pairs: readonly KeyValue[]): Promise<void> {
  await store.transact(async (txn) => {
    for (const { key, value } of pairs) txn.set(key, value);
  });
}

/** What is stored, without the receipts of commits. */
async function stored(store: Store): Promise<KeyValue[]> {
  const { begin, end } = keys.systemReceipt.range({});
  const pairs = await store.transact((txn) => collectRange(txn, Buffer.of(), Buffer.of(0xff)));
  return pairs.filter(({ key }) => !(Buffer.compare(key, begin) >= 0 && Buffer.compare(key, end) < 0));
}

async function embedded(name: string, pairs: readonly KeyValue[]): Promise<void> {
  const store = await openEmbeddedStore({ dir: at(name), exclusive: true });
  await fill(store, pairs);
  await store.close();
}

/** Enters a service in the registry of a cluster, until then. */
async function enter(store: Store, until_ms: number): Promise<void> {
  const [id, time] = ['10.0.0.7:5000', BigInt(until_ms)];
  const item = create(ServiceRegistryPB_ItemSchema, { id, expirationTimeMs: time });
  const registry = create(ServiceRegistryPBSchema, { items: [item] });
  await store.transact(async (txn) => writeRecord(txn, keys.systemRegistry, {}, registry));
}

describe('nereus restore into a cluster', () => {
  test('brings a dump of an embedded store, above whose version the cluster goes on', async () => {
    await embedded('from', PAIRS);
    await commandLine(['dump', '--data-dir', at('from'), '--out', at('dump')]);
    const there = await inCluster();
    await fill(there, [OTHERS]);
    const { code, out, err } = await commandLine(['restore', '--from', at('dump'), ...onCluster()]);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain(`restored 300 pairs into the cluster of ${file}; versions go on above 86400000001`);
    expect(await stored(there)).toEqual([...PAIRS, OTHERS]);
    expect(await there.transact((txn) => txn.readVersion())).toBeGreaterThan(86_400_000_001n);
  });

  test('is refused where Doris has keys, and where a service is registered', async () => {
    await embedded('from', PAIRS);
    await commandLine(['dump', '--data-dir', at('from'), '--out', at('dump')]);
    const there = await inCluster();
    const restore = () => commandLine(['restore', '--from', at('dump'), ...onCluster()]);
    await enter(there, Date.now() + 60_000);
    expect(await restore()).toMatchObject({
      code: 1,
      err: expect.stringMatching(/served: .*10\.0\.0\.7:5000 until 20/),
    });
    await enter(there, Date.now() - 1);
    await fill(there, [OTHERS, { key: keys.instance.encode({ instance_id: 'i' }), value: Buffer.of() }]);
    expect(await restore()).toMatchObject({ code: 1, err: expect.stringContaining('the store is not empty') });
    expect(await stored(there)).toHaveLength(3);
  });

  test('says what to run when the version of the cluster can’t be raised, and then goes on', async () => {
    await embedded('from', PAIRS);
    await commandLine(['dump', '--data-dir', at('from'), '--out', at('dump')]);
    const restore = () => commandLine(['restore', '--from', at('dump'), ...onCluster()]);
    cluster.faults.advance = 2004;
    const refused = await restore();
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining("fdbcli --exec 'advanceversion 86400000001'"),
    });
    expect(refused.err).toContain('run the same again to go on');
    const checked = await commandLine(['doctor', ...onCluster()]);
    expect(checked.err).toContain('it was being filled by nereus restore or nereus move');
    delete cluster.faults.advance;
    expect(await restore()).toMatchObject({ code: 0, out: expect.stringContaining('300 of them before') });
    expect(await commandLine(['doctor', ...onCluster()])).toMatchObject({ err: '' });
  });

  test('takes what it has brought back again with --undo, and nothing else', async () => {
    await embedded('from', [...PAIRS, { key: Buffer.from('no key of Doris'), value: Buffer.of() }]);
    await commandLine(['dump', '--data-dir', at('from'), '--out', at('dump')]);
    const there = await inCluster();
    await fill(there, [OTHERS]);
    const restored = await commandLine(['restore', '--from', at('dump'), ...onCluster()]);
    expect(restored).toMatchObject({ code: 1, err: expect.stringContaining('takes those of Doris alone') });
    expect(restored.err).toContain('nothing was restored');
    cluster.faults.advance = 2004;
    await writeFile(
      at('pairs'),
      JSON.stringify(PAIRS.map(({ key, value }) => [key, value].map((b) => Buffer.from(b).toString('hex')))),
    );
    await commandLine(['restore', '--pairs', at('pairs'), ...onCluster()]);
    await commandLine(['restore', '--undo', ...onCluster()]);
    expect(await stored(there)).toEqual([OTHERS]);
  });
});

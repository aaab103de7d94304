import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { collectRange } from '../../src/kv/collect-range.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import type { KeyValue, Store } from '../../src/kv/store.ts';
import { writeRecord } from '../../src/records/message-record.ts';
import { ServiceRegistryPB_ItemSchema, ServiceRegistryPBSchema } from '../../src/schema/gen/cloud/registry_pb.ts';
import { commandLine } from '../support/command-line.ts';
import type { Cluster } from '../support/kv/foundationdb/cluster.ts';
import { alsoAs, newCluster, openCluster } from '../support/kv/foundationdb/clusters.ts';
import { newSeed, Random } from '../support/random.ts';

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

async function withEmbedded(name: string, work: (store: EmbeddedStore) => Promise<void>): Promise<void> {
  const store = await openEmbeddedStore({ dir: at(name), exclusive: true });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

const embedded = (name: string, pairs: readonly KeyValue[]) => withEmbedded(name, (store) => fill(store, pairs));

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

describe('nereus dump of a cluster', () => {
  const dump = (...args: string[]) => commandLine(['dump', '--out', at('dump'), ...onCluster(), ...args]);

  test('holds what Doris has there, in one state, and is restored into a directory', async () => {
    const there = await inCluster();
    await fill(there, [...PAIRS, OTHERS]);
    const before = await there.transact((txn) => txn.readVersion());
    const { code, out } = await dump('--json');
    expect(code).toBe(0);
    const said = JSON.parse(out);
    expect(said).toMatchObject({ pairs: 300 });
    expect(BigInt(said.version)).toBeGreaterThanOrEqual(before);
    expect(await commandLine(['restore', '--from', at('dump'), '--data-dir', at('to')])).toMatchObject({ code: 0 });
    await withEmbedded('to', async (store) => expect(await stored(store)).toEqual(PAIRS));
  });

  test('is refused while a service is registered, and of no use when one writes meanwhile', async () => {
    const there = await inCluster();
    await fill(there, PAIRS);
    await enter(there, Date.now() + 60_000);
    expect(await dump()).toMatchObject({ code: 1, err: expect.stringContaining('10.0.0.7:5000 until') });
    expect(await dump('--while-in-use')).toMatchObject({ code: 0 });
    const end = writeOnAndOn(there);
    const refused = await dump('--while-in-use', '--overwrite');
    await end();
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/was written to while .* nothing was written/),
    });
  });
});

describe('nereus move', () => {
  const to_cluster = () => `foundationdb:${file}`;
  const move = (from: string, to: string, ...args: string[]) =>
    commandLine(['move', '--from', from, '--to', to, ...args]);

  test('goes into a cluster, on to another, whatever answers it gives, and back out', async () => {
    await withEmbedded('from', async (store) => {
      await store.advanceVersion(70_000_000_000n);
      await fill(store, PAIRS);
    });
    const random = new Random(newSeed());
    cluster.faults.commit = () =>
      random.chance(0.3) ? { code: 1021, fate: random.pick(['made', 'not made']) } : undefined;
    expect(await move(`embedded:${at('from')}`, to_cluster())).toMatchObject({ code: 0 });
    delete cluster.faults.commit;
    const there = await inCluster();
    expect(await stored(there)).toEqual(PAIRS);
    expect(await there.transact((txn) => txn.readVersion())).toBeGreaterThan(70_000_000_000n);
    cluster.faults.read = () => (random.chance(0.05) ? random.pick([1007, 1037]) : undefined);
    newCluster(at('second.cluster'), 3n);
    expect(await move(to_cluster(), `foundationdb:${at('second.cluster')}`)).toMatchObject({ code: 0 });
    const { out } = await move(`foundationdb:${at('second.cluster')}`, `embedded:${at('to')}`, '--json');
    expect(JSON.parse(out)).toMatchObject({ pairs: 300 });
    await withEmbedded('to', async (store) => {
      expect(await stored(store)).toEqual(PAIRS);
      expect(await store.transact((txn) => txn.readVersion())).toBeGreaterThan(70_000_000_000n);
    });
  });

  test('refuses a cluster that is served, or written to meanwhile, and the same store by two files', async () => {
    const there = await inCluster();
    await fill(there, PAIRS);
    await enter(there, Date.now() + 60_000);
    const out = () => move(to_cluster(), `embedded:${at('to')}`);
    expect(await out()).toMatchObject({ code: 1, err: expect.stringMatching(/served: .*give --while-in-use/) });
    await enter(there, Date.now() - 1);
    const end = writeOnAndOn(there);
    const refused = await out();
    await end();
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/source was written to .* nothing was moved/),
    });
    alsoAs(file, at('second.cluster'));
    const onto_itself = await move(to_cluster(), `foundationdb:${at('second.cluster')}`, '--overwrite', '--yes');
    expect(onto_itself.err).toContain('the source and the target are the same store');
    expect((await stored(there)).length).toBeGreaterThan(300);
    expect(await out()).toMatchObject({ code: 0 });
  });

  test('removes of the target what is of Doris alone, when it is told', async () => {
    await embedded('from', PAIRS.slice(0, 20));
    const there = await inCluster();
    await fill(there, [...PAIRS.slice(10), OTHERS]);
    expect(await move(`embedded:${at('from')}`, to_cluster())).toMatchObject({ code: 1 });
    expect(await move(`embedded:${at('from')}`, to_cluster(), '--overwrite', '--yes')).toMatchObject({ code: 0 });
    expect(await stored(there)).toEqual([...PAIRS.slice(0, 20), OTHERS]);
  });
});

/** Writes to a store, several at a time, until the end is called. */
function writeOnAndOn(store: Store): () => Promise<void> {
  let ended = false;
  let value = 0;
  const key = keys.txnIndex.encode({ instance_id: 'i', txn_id: 5n });
  const write = async () => {
    while (!ended) await fill(store, [{ key, value: Buffer.from(`${value++}`) }]);
  };
  const writing = Promise.all([write(), write(), write(), write()]);
  return async () => {
    ended = true;
    await writing;
  };
}

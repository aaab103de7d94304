import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { DataWorld, INSTANCE, tabletsOf, VAULT } from '../../../test/support/recycler/data-world.ts';
import { schemaOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { InvertedIndexStorageFormatPB as IndexFormat, IndexType } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { recycleRowsets } from './recycle-rowsets.ts';

const HOUR = 3600;
const [tablet] = tabletsOf(1n, 1);
const range = keys.recycleRowset.range({ instance_id: INSTANCE });
let world: DataWorld;

beforeEach(async () => {
  world = await DataWorld.open();
  await world.createIndex([tablet]);
});
afterEach(() => world.dispose());

async function recorded(): Promise<string[]> {
  const ids: string[] = [];
  await world.domain.store.transact(async (txn) => {
    for await (const page of txn.getRange(range.begin, range.end)) {
      for (const { key } of page) ids.push(keys.recycleRowset.decode(key)?.rowset_id ?? '?');
    }
  });
  return ids;
}

describe('rowsets that a compaction replaced', () => {
  let replaced: string[];
  beforeEach(async () => {
    const loads = [
      await world.load([tablet]),
      await world.load([tablet], { numSegments: 2n }),
      await world.load([tablet]),
    ];
    replaced = loads
      .slice(0, 2)
      .map((id) => `r${id}`)
      .sort();
    await world.compact(tablet, 2n, 3n, { rowsetIdV2: 'output' });
  });

  test('stay as long as readers may need them', async () => {
    world.now += 3 * HOUR - 1;
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.numbers).toMatchObject({ scanned: 2, found: 0, deleted: 0, objects: 0 });
    expect(await recorded()).toEqual(replaced);
  });

  test('go with their objects, and nothing else does', async () => {
    const before = world.paths;
    world.now += 3 * HOUR;
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.numbers).toEqual({ scanned: 2, found: 2, deleted: 2, failed: 0, objects: 3, bytes: 200 });
    expect(await recorded()).toEqual([]);
    expect(world.paths).toEqual(before.filter((path) => !replaced.some((id) => path.includes(`/${id}_`))));
    expect(world.paths).toHaveLength(2);
  });

  test('go at once when nothing is kept', async () => {
    await world.sweep(recycleRowsets, { settings: { force_immediate_recycle: true } });
    expect(await recorded()).toEqual([]);
  });

  test('are only named in a dry run', async () => {
    world.now += 3 * HOUR;
    const before = [await world.keys(), world.paths];
    const { planned, progress } = await world.sweep(recycleRowsets, { dry_run: true });
    expect(planned.map(({ why }) => why)).toEqual(
      [1, 2].map(() => 'replaced by a compaction, written 2023-11-14T22:13:20.000Z'),
    );
    expect(progress.numbers).toMatchObject({ found: 2, deleted: 0 });
    expect([await world.keys(), world.paths]).toEqual(before);
  });

  test('stay when their vault is not there, or fails', async () => {
    world.now += 3 * HOUR;
    const { progress } = await world.sweep(recycleRowsets, { stores: {} });
    expect(progress.numbers).toMatchObject({ found: 2, failed: 2, deleted: 0 });
    expect(progress.lastFailure).toMatch('no vault of the id 1');
    expect(await recorded()).toEqual(replaced);
  });

  test('stay when one of them is visible after all', async () => {
    const [first = ''] = replaced;
    const fields = { instance_id: INSTANCE, tablet_id: tablet.tabletId };
    await world.domain.store.transact(async (txn) => {
      const record = await readRecord(txn, keys.recycleRowset, { ...fields, rowset_id: first });
      const rowset = record?.rowsetMeta;
      if (rowset) writeRecord(txn, keys.metaRowset, { ...fields, version: rowset.endVersion }, rowset);
    });
    world.now += 3 * HOUR;
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.lastFailure).toMatch('the rowset is visible');
    expect(await recorded()).toEqual([first]);
    expect(world.paths).toContain(`data/${tablet.tabletId}/${first}_0.dat`);
  });
});

describe('the objects of inverted indexes', () => {
  const index = [
    { indexId: 7n, indexType: IndexType.INVERTED },
    { indexId: 8n, indexType: IndexType.INVERTED, indexSuffixName: 'v.a' },
    { indexId: 9n, indexType: IndexType.BLOOMFILTER },
  ];
  const v1 = ['0_7.idx', '0_8@v.a.idx', '1_7.idx', '1_8@v.a.idx'];
  const v2 = ['0.idx', '1.idx'];
  test.each([
    ['of the first format, one each', IndexFormat.V1, v1, v2],
    ['of the second format, one for all', IndexFormat.V2, v2, v1],
    ['of a schema that does not say its format', undefined, [...v1, ...v2], []],
  ])('%s', async (_, format, names, others) => {
    const schema = schemaOf(5, { index, ...(format !== undefined && { invertedIndexStorageFormat: format }) });
    const id = await world.load([tablet], { numSegments: 2n, tabletSchema: schema });
    const paths = (of: readonly string[]) => of.map((name) => `data/${tablet.tabletId}/r${id}_${name}`);
    for (const path of paths([...names, ...others])) await world.put(path);
    await world.compact(tablet, 2n, 2n, { rowsetIdV2: 'output' });
    world.now += 3 * HOUR;
    await world.sweep(recycleRowsets);
    const output = `data/${tablet.tabletId}/output_0.dat`;
    expect(world.paths).toEqual([...paths(others), output].sort());
  });

  test('all that there is, where the schema is gone or values brought indexes of their own', async () => {
    const inVariants = { hasVariantTypeInSchema: true, tabletSchema: schemaOf(6) };
    const ids = [await world.load([tablet], inVariants), await world.load([tablet], { tabletSchema: schemaOf(7) })];
    for (const id of ids) await world.put(`data/${tablet.tabletId}/r${id}_0_99@x.idx`);
    await world.compact(tablet, 2n, 3n, { rowsetIdV2: 'output' });
    await world.domain.store.transact(async (txn) => {
      const { begin, end } = keys.metaSchema.range({
        instance_id: INSTANCE,
        index_id: tablet.indexId,
        schema_version: 7,
      });
      txn.clearRange(begin, end);
    });
    world.now += 3 * HOUR;
    await world.sweep(recycleRowsets);
    expect(world.paths).toEqual([`data/${tablet.tabletId}/output_0.dat`]);
  });
});

describe('rowsets that were announced', () => {
  const DAY = 24 * HOUR;

  test('stay as long as their transaction runs, however long that is', async () => {
    const txnId = await world.begin(tablet.tableId);
    await world.prepare(world.rowset(txnId, tablet));
    world.now += 365 * DAY;
    const { progress } = await world.sweep(recycleRowsets, { settings: { force_immediate_recycle: true } });
    expect(progress.numbers).toMatchObject({ scanned: 1, found: 0 });
    await world.abort(txnId);
    await world.sweep(recycleRowsets);
    expect([await recorded(), world.paths]).toEqual([[], []]);
  });

  test('stay until long after they expired', async () => {
    const txnId = await world.begin(tablet.tableId);
    await world.prepare(world.rowset(txnId, tablet, { numSegments: 3n }));
    await world.abort(txnId);
    world.now += HOUR + 3 * DAY - 1;
    await world.sweep(recycleRowsets);
    expect(await recorded()).toEqual([`r${txnId}`]);
    world.now += 1;
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.numbers).toMatchObject({ deleted: 1, objects: 3, bytes: 12 });
    expect([await recorded(), world.paths]).toEqual([[], []]);
  });

  test('of a job stay until it has expired, even if nothing is kept', async () => {
    const rowset = world.rowset(77n, tablet);
    await world.prepare(rowset);
    world.now += HOUR;
    await world.sweep(recycleRowsets, { settings: { force_immediate_recycle: true } });
    expect(await recorded()).toEqual(['r77']);
    world.now += 1;
    await world.sweep(recycleRowsets, { settings: { force_immediate_recycle: true } });
    expect([await recorded(), world.paths]).toEqual([[], []]);
  });

  test('can neither be committed nor announced again once their objects begin to go', async () => {
    const rowset = world.rowset(77n, tablet);
    await world.prepare(rowset);
    world.now += HOUR + 1;
    const refused = /^STALE_PREPARE_ROWSET the rowset is being recycled, tablet_id=1000 rowset_id=r77$/;
    const place = world.stores[VAULT];
    if (!place) throw new Error('there is no vault');
    place.delete = async () => {
      for (const method of [rpc.commit_rowset, rpc.prepare_rowset]) {
        expect(await world.status(method, { rowsetMeta: rowset })).toMatch(refused);
      }
      throw new Error('the storage fails');
    };
    const { progress } = await world.sweep(recycleRowsets, { settings: { force_immediate_recycle: true } });
    expect(progress.lastFailure).toMatch('the storage fails');
    expect(await world.status(rpc.commit_rowset, { rowsetMeta: rowset })).toMatch(refused);
    expect(await recorded()).toEqual(['r77']);
  });

  test('are found again, by their prefix, when their recycling has only begun', async () => {
    await world.prepare(world.rowset(77n, tablet, { numSegments: 2n }));
    world.now += HOUR + 1;
    const settings = { force_immediate_recycle: true };
    await world.sweep(recycleRowsets, { settings, stores: {} });
    expect(await recorded()).toEqual(['r77']);
    await world.sweep(recycleRowsets, { settings });
    expect([await recorded(), world.paths]).toEqual([[], []]);
  });

  test('lose only their record when they were committed before', async () => {
    const txnId = await world.load([tablet]);
    await world.must(rpc.prepare_rowset, { rowsetMeta: world.rowset(txnId, tablet) });
    expect(await recorded()).toEqual([`r${txnId}`]);
    world.now += 30 * DAY;
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.numbers).toMatchObject({ found: 1, deleted: 1, objects: 0, failed: 0 });
    expect(await recorded()).toEqual([]);
    expect(world.paths).toEqual([`data/${tablet.tabletId}/r${txnId}_0.dat`]);
  });
});

test('rowsets of a tablet that can not be read hold up no others', async () => {
  const [other] = tabletsOf(2n, 1);
  await world.createIndex([other]);
  for (const each of [tablet, other]) {
    const txnId = await world.begin(each.tableId);
    await world.prepare(world.rowset(txnId, each));
    await world.abort(txnId);
  }
  await world.domain.store.transact(async (txn) => {
    const fields = { instance_id: INSTANCE, tablet_id: tablet.tabletId, version: 9n };
    txn.set(keys.metaRowset.encode(fields), Buffer.from('ff', 'hex'));
  });
  world.now += 30 * 24 * HOUR;
  const { progress } = await world.sweep(recycleRowsets);
  expect(progress.numbers).toMatchObject({ found: 2, deleted: 1, failed: 1 });
  expect(progress.lastFailure).toMatch('malformed metaRowset value');
  expect(world.paths).toHaveLength(1);
});

describe('a record that says too little', () => {
  const put = (rowset_id: string, value: Uint8Array) =>
    world.domain.store.transact(async (txn) => {
      txn.set(keys.recycleRowset.encode({ instance_id: INSTANCE, tablet_id: 5n, rowset_id }), value);
    });

  test('stays when it is none', async () => {
    await put('broken', Buffer.from('ff', 'hex'));
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.numbers).toMatchObject({ scanned: 1, found: 0, failed: 1 });
    expect(await recorded()).toEqual(['broken']);
  });

  test('of an old service is looked for by its prefix', async () => {
    // tablet_id = 5, resource_id = "1", creation_time = 1.
    await put('old', Buffer.from([0x08, 5, 0x12, 1, 0x31, 0x18, 1]));
    await world.put('data/5/old_0.dat');
    await world.put('data/5/older_0.dat');
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.numbers).toMatchObject({ deleted: 1, objects: 1, failed: 0 });
    expect(world.paths).toEqual(['data/5/older_0.dat']);
  });

  test('of its vault is looked for in all', async () => {
    const bucket = world.addVault('2');
    await put('somewhere', Buffer.from([0x18, 1]));
    await world.put('data/5/somewhere_0.dat', '2');
    await world.sweep(recycleRowsets);
    expect(bucket.keys).toEqual([]);
    expect(await recorded()).toEqual([]);
  });

  test('of another rowset stays', async () => {
    // type = COMPACT, creation_time = 1, rowset_meta of tablet 6.
    await put('other', Buffer.from([0x18, 1, 0x28, 2, 0x32, 4, 0x08, 0, 0x18, 6]));
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.numbers).toMatchObject({ failed: 1, deleted: 0 });
    expect(progress.lastFailure).toMatch('are not those of the key');
  });
});

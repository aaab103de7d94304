import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { decideLazily } from '../../../test/support/loads.ts';
import { DataWorld, INSTANCE, type Place, tabletsOf } from '../../../test/support/recycler/data-world.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { dataSweeps } from './data-sweeps.ts';
import { recycleIndexes } from './recycle-indexes.ts';
import { recyclePartitions } from './recycle-partitions.ts';
import { recycleVersions } from './recycle-versions.ts';

const HOUR = 3600;
const AT_ONCE = { settings: { force_immediate_recycle: true } };
const table = tabletsOf(1n, 2);
const other = tabletsOf(2n, 2);
let world: DataWorld;

beforeEach(async () => {
  world = await DataWorld.open();
});
afterEach(() => world.dispose());

/** Loads and compactions, with delete bitmaps, locks, and records of all kinds that tables have. */
async function fill(tablets: readonly Place[]): Promise<void> {
  for (let i = 0; i < 3; i++) await world.load(tablets);
  const [first] = tablets;
  if (!first) return;
  await world.compact(first, 2n, 3n);
  const lock = { tableId: first.tableId, lockId: 1234n, initiator: 5n };
  await world.must(rpc.get_delete_bitmap_update_lock, { ...lock, expiration: 600n });
  const bitmap = { rowsetIds: ['r'], segmentIds: [0n], versions: [2n], segmentDeleteBitmaps: [Buffer.from('b')] };
  await world.must(rpc.update_delete_bitmap, {
    ...lock,
    ...{ partitionId: first.partitionId, tabletId: first.tabletId, ...bitmap },
  });
}

describe('a dropped index', () => {
  test('goes with all that there is of it, and leaves the others alone', async () => {
    await world.createIndex(other);
    await fill(other);
    const before = [await world.keys(), world.paths];
    await world.createIndex(table);
    await fill(table);
    await world.dropIndex(table[0]);
    world.now += 3 * HOUR - 1;
    await world.sweep(recycleIndexes);
    expect(world.paths.length).toBeGreaterThan(before[1]?.length ?? 0);
    world.now += 1;
    const { progress } = await world.sweep(recycleIndexes);
    expect(progress.numbers).toMatchObject({ scanned: 1, found: 1, deleted: 1, failed: 0, objects: 7, bytes: 28 });
    await world.sweep(recycleVersions);
    expect([await world.keys(), world.paths]).toEqual(before);
  });

  test('that was never loaded to leaves nothing either', async () => {
    await world.createIndex(other);
    const before = await world.keys();
    await world.createIndex(table);
    await world.dropIndex(table[0]);
    await world.sweep(dataSweeps, AT_ONCE);
    expect(await world.keys()).toEqual(before);
  });

  test('of a table in use leaves the versions and the locks of the table', async () => {
    await world.createIndex(table);
    await fill(table);
    const before = await world.keys();
    const rollup = tabletsOf(1n, 2, { indexId: 99n, tabletId: 9000n });
    await world.createIndex(rollup);
    await world.load([...table, ...rollup]);
    await world.dropIndex(rollup[0]);
    await world.sweep(recycleIndexes, AT_ONCE);
    await world.sweep(recycleVersions, AT_ONCE);
    const left = await world.keys();
    expect(before.filter((key) => !left.includes(key))).toEqual([]);
    expect(
      left.filter((key) => key.includes(keys.metaTablet.prefix({ instance_id: INSTANCE }).toString('hex'))),
    ).toHaveLength(2);
    await world.load(table);
  });

  test('whose tablets old services have stored is not taken from a load that is on its way to the others', async () => {
    const rollup = tabletsOf(1n, 2, { indexId: 99n, tabletId: 9000n });
    const all = [...table, ...rollup];
    for (const tablets of [table, rollup]) await world.createIndex(tablets, {}, { named: false });
    const txnId = await world.begin(1n, 10n ** 12n);
    for (const tablet of all) await world.write(world.rowset(txnId, tablet));
    const lazily = { enable_cloud_txn_lazy_commit: true, txn_lazy_commit_rowsets_thresold: 1 };
    await decideLazily(world.domain, txnId, lazily);
    await world.dropIndex(rollup[0]);
    const { progress } = await world.sweep(recycleIndexes, AT_ONCE);
    expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
    const { version } = await world.must(rpc.get_version, { dbId: 1n, tableId: 1n, partitionId: 100n });
    expect(version).toBe(2n);
    expect(world.paths).toEqual(table.map(({ tabletId }) => `data/${tabletId}/r${txnId}_0.dat`));
  });

  test('is never again committed, from when on its objects go', async () => {
    const index = { tableId: 1n, indexIds: [10n], dbId: 1n, expiration: BigInt(world.now) };
    await world.must(rpc.prepare_index, index);
    await world.createTablets(table);
    await world.load(table);
    world.now += 3 * 24 * HOUR;
    const { progress } = await world.sweep(recycleIndexes, { stores: {} });
    expect(progress.lastFailure).toMatch('some of its tablets could not be recycled');
    expect(await world.status(rpc.commit_index, index)).toBe('INVALID_ARGUMENT invalid recycle index state: RECYCLING');
    expect(world.paths).toHaveLength(2);
    await world.sweep([recycleIndexes, recycleVersions]);
    expect(world.paths).toEqual([]);
    expect(await world.status(rpc.commit_index, index)).toBe('INVALID_ARGUMENT index has been recycled');
  });

  test('is only named in a dry run, with its tablets', async () => {
    await world.createIndex(table);
    await fill(table);
    await world.dropIndex(table[0]);
    const before = [await world.keys(), world.paths];
    const { planned, progress } = await world.sweep(dataSweeps.slice(0, 1), { ...AT_ONCE, dry_run: true });
    expect(planned.map(({ why }) => why)).toEqual([
      'dropped, written 2023-11-14T22:13:20.000Z',
      'of index 10: dropped, written 2023-11-14T22:13:20.000Z',
      'of index 10: dropped, written 2023-11-14T22:13:20.000Z',
    ]);
    expect(progress.numbers).toMatchObject({ scanned: 1, found: 1, deleted: 0 });
    expect([await world.keys(), world.paths]).toEqual(before);
  });

  test('that is neither created nor dropped stays', async () => {
    await world.domain.store.transact(async (txn) => {
      // table_id = 1.
      txn.set(keys.recycleIndex.encode({ instance_id: INSTANCE, index_id: 10n }), Buffer.from([0x08, 1]));
      txn.set(keys.recycleIndex.encode({ instance_id: INSTANCE, index_id: 11n }), Buffer.from([0xff]));
    });
    const { progress } = await world.sweep(recycleIndexes, AT_ONCE);
    expect(progress.numbers).toMatchObject({ scanned: 2, found: 0, failed: 2 });
  });
});

describe('a dropped partition', () => {
  const second = tabletsOf(1n, 2, { partitionId: 101n, tabletId: 1100n });

  test('goes with all that there is of it, and leaves the others of its table alone', async () => {
    await world.createIndex([...table, ...second]);
    await fill(table);
    const before = [await world.keys(), world.paths];
    await fill(second);
    await world.dropPartition(second[0]);
    world.now += 3 * HOUR;
    const { progress } = await world.sweep(recyclePartitions);
    expect(progress.numbers).toMatchObject({ scanned: 1, found: 1, deleted: 1, failed: 0 });
    const left = await world.keys();
    const ofSecond = second.map((each) =>
      keys.metaTablet.encode({ instance_id: INSTANCE, ...fieldsOf(each) }).toString('hex'),
    );
    for (const key of ofSecond) expect(left).not.toContain(key);
    expect(world.paths).toEqual(before[1]);
    await world.sweep(recycleVersions);
    expect(await world.keys()).toEqual(left);
    await world.load(table);
  });

  test('that was the last one leaves the version of its table', async () => {
    await world.createIndex(table);
    await fill(table);
    await world.dropPartition(table[0]);
    await world.sweep(dataSweeps, AT_ONCE);
    const version = await world.must(rpc.get_version, { dbId: 1n, tableId: 1n, isTableVersion: true });
    expect(version.version).toBeGreaterThan(1n);
    expect(world.paths).toEqual([]);
  });

  test('is not taken while a load is on its way to it, which comes to its end first', async () => {
    await world.createIndex([...table, ...second]);
    const txnId = await world.begin(1n, 10n ** 12n);
    for (const tablet of [...table, ...second]) await world.write(world.rowset(txnId, tablet));
    await decideLazily(world.domain, txnId, {
      enable_cloud_txn_lazy_commit: true,
      txn_lazy_commit_rowsets_thresold: 1,
    });
    await world.dropPartition(second[0]);
    await world.sweep(recyclePartitions, AT_ONCE);
    expect(world.paths).toEqual(table.map(({ tabletId }) => `data/${tabletId}/r${txnId}_0.dat`));
    const versions = await world.must(rpc.get_version, { dbId: 1n, tableId: 1n, partitionId: 100n });
    expect(versions.version).toBe(2n);
  });

  test('refuses loads that come too late, as a whole', async () => {
    await world.createIndex([...table, ...second]);
    const txnId = await world.begin(1n);
    for (const tablet of [...table, ...second]) await world.write(world.rowset(txnId, tablet));
    await world.dropPartition(second[0]);
    await world.sweep(recyclePartitions, AT_ONCE);
    expect(await world.status(rpc.commit_txn, { dbId: 1n, txnId })).toMatch('KV_TXN_GET_ERR failed to get tablet');
    await world.abort(txnId);
    await world.sweep(dataSweeps, AT_ONCE);
    expect(world.paths).toEqual([]);
  });
});

describe('a tablet', () => {
  beforeEach(async () => {
    await world.createIndex(table);
    await world.load(table);
    await world.dropIndex(table[0]);
  });

  test('stays with all that leads to it when its vault fails, and holds up no other', async () => {
    const bucket = world.addVault('2');
    await world.createIndex(other);
    const txnId = await world.begin(2n);
    for (const tablet of other) await world.write(world.rowset(txnId, tablet, { resourceId: '2' }));
    await world.commit(txnId);
    await world.dropIndex(other[0]);
    const working = world.stores['1'];
    const { progress } = await world.sweep(recycleIndexes, {
      ...AT_ONCE,
      stores: working ? { 1: working } : {},
    });
    expect(progress.numbers).toMatchObject({ found: 2, deleted: 1, failed: 3 });
    expect(world.paths).toEqual([]);
    expect(bucket.size).toBe(2);
    await world.sweep(recycleIndexes, AT_ONCE);
    expect(bucket.size).toBe(0);
  });

  test('loses what nothing leads to, too, and is not kept by a vault that it has nothing in', async () => {
    const bucket = world.addVault('2');
    await world.put(`data/${table[0].tabletId}/lost_0.dat`, '2');
    await world.put(`data/${table[0].tabletId}0/another_0.dat`, '2');
    world.addVault('3', { fault: () => ({ before: new Error('it is down') as never }) });
    const { progress } = await world.sweep(recycleIndexes, AT_ONCE);
    expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
    expect(bucket.keys).toEqual([`other/data/${table[0].tabletId}0/another_0.dat`]);
    expect(world.domain.log.filter((line) => line.includes('a vault could not be searched'))).toHaveLength(1);
  });

  test('stays when a rowset becomes visible while its objects are deleted', async () => {
    const place = world.stores['1'];
    if (!place) throw new Error('there is no vault');
    const { deletePrefix } = place;
    const fields = { instance_id: INSTANCE, tablet_id: table[0].tabletId };
    place.deletePrefix = async (prefix) => {
      const deleted = await deletePrefix.call(place, prefix);
      await world.domain.store.transact(async (txn) => {
        const rowset = await readRecord(txn, keys.metaRowset, { ...fields, version: 2n });
        if (rowset) writeRecord(txn, keys.metaRowset, { ...fields, version: 3n }, rowset);
      });
      await world.put(`data/${table[0].tabletId}/late_0.dat`);
      return deleted;
    };
    const { progress } = await world.sweep(recycleIndexes, AT_ONCE);
    expect(progress.numbers).toMatchObject({ deleted: 0, failed: 2 });
    place.deletePrefix = deletePrefix;
    await world.sweep(recycleIndexes, AT_ONCE);
    expect(world.paths).toEqual([]);
  });

  test('leaves what is being written to it to those who look after that', async () => {
    const txnId = await world.begin(1n);
    await world.prepare(world.rowset(txnId, table[0]));
    await world.sweep(recycleIndexes, AT_ONCE);
    await world.writeObjects(world.rowset(txnId, table[0]));
    await world.abort(txnId);
    await world.sweep(dataSweeps, AT_ONCE);
    expect(world.paths).toEqual([]);
    expect(await world.keys()).toHaveLength(2);
  });
});

function fieldsOf({ tableId: table_id, indexId: index_id, partitionId: partition_id, tabletId: tablet_id }: Place) {
  return { table_id, index_id, partition_id, tablet_id };
}

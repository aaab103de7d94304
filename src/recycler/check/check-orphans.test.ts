import { create } from '@bufbuild/protobuf';
import { afterEach, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import type { MemoryOptions, ObjectCall } from '../../../test/support/objects/memory-object-store.ts';
import { type CheckWorld, openCheckWorld } from '../../../test/support/recycler/check-world.ts';
import { createTablets, DB_ID, PLACE, rowsetOf, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { saveInstance } from '../../meta/instance/instance-record.ts';
import { ObjectStoreError } from '../../objects/object-store-error.ts';
import { InstanceInfoPBSchema } from '../../schema/gen/cloud/instance_pb.ts';

const cloudUniqueId = '1:i:be';

let world: CheckWorld;
afterEach(() => world.domain.dispose());

const check = (more = {}) => world.check({ checks: ['orphans'], ...more });
const orphans = async (more = {}) => (await check(more)).orphaned.first.map(({ path }) => path).sort();

async function open(options: MemoryOptions = {}): Promise<void> {
  world = await openCheckWorld(options);
  await world.createTablets([1n, 2n, 3n]);
}

test('leads objects back to rowsets that are visible, temporary, prepared, or aborted and not recycled yet', async () => {
  await open();
  await world.load([1n, 2n], { numSegments: 3n });
  await world.load([1n], { resourceId: '2' });
  await world.write([1n, 3n]);
  const txnId = await world.write([2n]);
  await world.domain.call(rpc.abort_txn, { cloudUniqueId, txnId });
  const prepared = rowsetOf(5n, 3n, { rowsetIdV2: 'prepared', resourceId: '1' });
  expect(await world.domain.status(rpc.prepare_rowset, { cloudUniqueId, rowsetMeta: prepared })).toBe('OK');
  world.put('data/3/prepared_0.dat');
  const report = await check();
  expect(report).toMatchObject({ objects: 11, orphaned: { count: 0 }, unchecked: { count: 0 } });
});

test('names those to which nothing leads', async () => {
  await open();
  await world.load([1n]);
  const lost = ['data/1/other_0.dat', 'data/2/r_0.idx', 'data/9/r_0.dat', 'data/odd', 'data/1/r_0.tmp'];
  for (const key of lost) world.put(key);
  for (const key of ['stage/jack/1/file', 'other/1/r_0.dat']) world.put(key);
  world.second.put('pre/data/1/second_0_7@s.idx', Buffer.from('12345'), 0);
  const { orphaned } = await check();
  expect(orphaned.first.map(({ path }) => path).sort()).toEqual([...lost, 'data/1/second_0_7@s.idx'].sort());
  expect(orphaned.first.at(-1)).toMatchObject({ vault: expect.stringContaining('vault 2'), size_bytes: 5 });
});

test('leads objects back to what another instance has in the same place, and to nothing that it has not', async () => {
  await open();
  await world.load([1n]);
  const { objInfo } = await world.domain.instance('i');
  await world.domain.store.transact(async (txn) => {
    saveInstance(txn, create(InstanceInfoPBSchema, { instanceId: 'neighbour', objInfo }));
  });
  const caller = { cloudUniqueId: '1:neighbour:be' };
  expect(await createTablets(world.domain, caller.cloudUniqueId, [tabletOf(1n), tabletOf(5n)])).toBe('OK');
  for (const [rowsetIdV2, tabletId] of [
    ['prepared', 1n],
    ['temporary', 5n],
  ] as const) {
    const request = { ...caller, rowsetMeta: rowsetOf(7n, tabletId, { rowsetIdV2, resourceId: '1' }) };
    expect(await world.domain.status(rpc.prepare_rowset, request)).toBe('OK');
    if (rowsetIdV2 === 'temporary') expect(await world.domain.status(rpc.commit_rowset, request)).toBe('OK');
  }
  for (const key of ['data/1/prepared_0.dat', 'data/5/temporary_0.dat', 'data/5/nobodys_0.dat']) world.put(key);
  expect(await orphans()).toEqual(['data/5/nobodys_0.dat']);
});

test('takes what is young for something in the making', async () => {
  await open();
  world.put('data/1/r_0.dat');
  world.pass(99);
  expect(await orphans({ young_ms: 100_000 })).toEqual([]);
  world.pass(1);
  expect(await orphans({ young_ms: 100_000 })).toEqual(['data/1/r_0.dat']);
});

test('leads objects back to a tablet that is being recycled', async () => {
  await open();
  world.put('data/1/r_0.dat');
  expect(await orphans()).toEqual(['data/1/r_0.dat']);
  const drop = { cloudUniqueId, dbId: DB_ID, ...PLACE, partitionIds: [PLACE.partitionId], indexIds: [PLACE.indexId] };
  expect(await world.domain.status(rpc.drop_partition, drop)).toBe('OK');
  expect(await orphans()).toEqual([]);
});

test('finds the same in whatever order objects are listed, in small pages', async () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647);
  const order: MemoryOptions['order'] = (objects) =>
    objects
      .map((object) => ({ object, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ object }) => object);
  await open({ order, page_objects: 2 });
  await world.load([1n, 2n, 3n], { numSegments: 5n });
  await world.write([1n, 2n, 3n], { numSegments: 5n });
  for (const tabletId of [1n, 2n]) world.put(`data/${tabletId}/orphan_0.dat`);
  expect(await orphans()).toEqual(['data/1/orphan_0.dat', 'data/2/orphan_0.dat']);
});

test('does not miss a load that becomes visible while it looks', async () => {
  await open();
  const txnId = await world.write([1n]);
  const { store } = world.domain;
  const transact = store.transact.bind(store);
  let calls = 0;
  let commits = 0;
  store.transact = async (work, options) => {
    // Four find the instance, its vaults, its state, and the tablet's visible rowsets; the fifth looks at temporary ones.
    if (++calls === 5) {
      store.transact = transact;
      commits++;
      expect(await world.domain.status(rpc.commit_txn, { cloudUniqueId, dbId: DB_ID, txnId })).toBe('OK');
    }
    return transact(work, options);
  };
  expect(await orphans()).toEqual([]);
  expect(commits).toBe(1);
});

test('does not report what is gone by the time of the report', async () => {
  await open({ fault: ({ deed }: ObjectCall) => void (deed === 'exists' && world.remove('data/1/r_0.dat')) });
  world.put('data/1/r_0.dat');
  expect(await orphans()).toEqual([]);
});

test('says what it could not check, and goes on', async () => {
  let fails = true;
  await open({
    fault: ({ deed }) => {
      if (deed !== 'list' || !fails) return undefined;
      fails = false;
      return { before: new ObjectStoreError('denied', 'no entry') };
    },
  });
  world.put('data/1/first_0.dat');
  world.second.put('pre/data/2/second_0.dat', Buffer.from('x'), 0);
  world.second.put('pre/data/3/third_0.dat', Buffer.from('x'), 0);
  await world.domain.store.transact(async (txn) =>
    txn.set(keys.metaRowset.encode({ instance_id: 'i', tablet_id: 3n, version: 9n }), Buffer.from([0xff])),
  );
  const { unchecked, orphaned } = await check();
  expect(unchecked.first.map(({ what }) => what)).toEqual([expect.stringContaining('vault 1'), 'objects of tablet 3']);
  expect(orphaned.first.map(({ path }) => path)).toEqual(['data/2/second_0.dat']);
});

test('takes no object of a tablet for orphaned while a temporary rowset of it can not be read', async () => {
  await open();
  for (const tabletId of [1n, 2n]) world.put(`data/${tabletId}/r_0.dat`);
  await world.domain.store.transact(async (txn) =>
    txn.set(keys.metaRowsetTmp.encode({ instance_id: 'i', txn_id: 5n, tablet_id: 1n }), Buffer.from([0xff])),
  );
  expect(await orphans()).toEqual(['data/2/r_0.dat']);
});

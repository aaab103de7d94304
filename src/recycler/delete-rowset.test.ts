import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataWorld, tabletsOf } from '../../test/support/recycler/data-world.ts';
import { deleteRowsetIn } from './delete-rowset.ts';
import { Slots } from './jobs/slots.ts';
import { recycleRowsets } from './sweeps/recycle-rowsets.ts';

const [tablet] = tabletsOf(1n, 1);
let world: DataWorld;

beforeEach(async () => {
  world = await DataWorld.open();
  await world.createIndex([tablet]);
});
afterEach(() => world.dispose());

test('a rowset goes whose id others begin with, and what is theirs stays', async () => {
  const path = (name: string) => `data/${tablet.tabletId}/${name}`;
  await world.load([tablet], { rowsetIdV2: 'a_1', numSegments: 2n });
  await world.load([tablet], { rowsetIdV2: 'a_1_x' });
  const theirs = ['a_1_0.idx', 'a_1_1_10004.idx', 'a_1_1_7.idx'].map(path);
  const txnId = await world.begin(tablet.tableId);
  await world.prepare(world.rowset(txnId, tablet, { rowsetIdV2: 'a', numSegments: 2n }));
  const own = ['a_0.idx', 'a_0_7.idx', 'a_1_10005.idx', 'a_1_10005@v.b_1.idx', 'a_1_-1.idx', 'a_who.knows'].map(path);
  for (const each of [...own, ...theirs]) await world.put(each);
  await world.abort(txnId);
  world.now += 30 * 24 * 3600;
  const { progress } = await world.sweep(recycleRowsets);
  expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0, objects: 8 });
  expect(world.paths).toEqual([...theirs, ...['a_1_0.dat', 'a_1_1.dat', 'a_1_x_0.dat'].map(path)].sort());
});

test('of a rowset that says nothing of itself all places are looked through', async () => {
  const other = world.addVault('2');
  const name = { tablet_id: tablet.tabletId, rowset_id: 'r' };
  for (const vault of ['1', '2']) await world.put(`data/${tablet.tabletId}/r_0.dat`, vault);
  const deleted = await deleteRowsetIn(Object.values(world.stores), name, new Slots(1));
  expect([deleted, world.paths, other.keys]).toEqual([{ objects: 2, bytes: 8 }, [], []]);
});

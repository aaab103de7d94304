import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { type CheckWorld, openCheckWorld } from '../../../test/support/recycler/check-world.ts';
import { DB_ID, PLACE } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { removeRecord } from '../../records/message-record.ts';
import { TabletIndexPBSchema } from '../../schema/gen/cloud/tablet_pb.ts';
import { RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';

let world: CheckWorld;
beforeEach(async () => {
  world = await openCheckWorld();
  await world.createTablets([1n, 2n, 3n]);
  await world.load([1n, 2n]);
});
afterEach(() => world.domain.dispose());

const place = (tablet_id: bigint, table_id = PLACE.tableId) => ({
  ...{ instance_id: 'i', table_id, index_id: PLACE.indexId },
  ...{ partition_id: PLACE.partitionId, tablet_id },
});
const index = (tablet_id: bigint) => ({ instance_id: 'i', tablet_id });
const check = () => world.check({ checks: ['meta'] });
const change = (work: (txn: Transaction) => void) => world.domain.store.transact(async (txn) => work(txn));
const whys = async () => (await check()).inconsistent.first.map(({ why }) => why);

function putIndex(txn: Transaction, tabletId: bigint, more: object): void {
  const record = create(TabletIndexPBSchema, { ...PLACE, tabletId, dbId: DB_ID, ...more });
  txn.set(keys.metaTabletIndex.encode(index(tabletId)), toBinary(TabletIndexPBSchema, record));
}

test('finds nothing wrong with what calls have written', async () => {
  const report = await check();
  expect(report).toMatchObject({ tablets: 3, inconsistent: { count: 0 }, unchecked: { count: 0 } });
});

test.each<[string, (txn: Transaction) => void, (string | RegExp)[]]>([
  ['metadata', (txn) => removeRecord(txn, keys.metaTablet, place(1n)), ['tablet 1 has no metadata']],
  ['statistics', (txn) => removeRecord(txn, keys.statsTablet, place(3n)), ['tablet 3 has no statistics']],
  [
    'its index',
    (txn) => removeRecord(txn, keys.metaTabletIndex, index(3n)),
    [/tablet 3 does not lead/, /tablet 3 does not lead/, /rowset first of 3 of tablet 3 has no tablet/],
  ],
  [
    'a schema',
    (txn) => removeRecord(txn, keys.metaSchema, { instance_id: 'i', index_id: PLACE.indexId, schema_version: 0 }),
    [
      ...Array(3).fill(/^tablet . has no schema of version 0 of index 11/),
      ...Array(5).fill(/^rowset .* has no schema/),
    ],
  ],
])('names what lacks %s', async (_, work, expected) => {
  await change(work);
  const found = await whys();
  expect(found).toEqual(expected.map((why) => (typeof why === 'string' ? why : expect.stringMatching(why))));
});

test('names what contradicts its key', async () => {
  await change((txn) => {
    putIndex(txn, 1n, { tabletId: 2n });
    putIndex(txn, 3n, { tableId: 99n });
    const rowset = create(RowsetMetaCloudPBSchema, { rowsetId: 0n, rowsetIdV2: 'r', startVersion: 5n, endVersion: 6n });
    const fields = { instance_id: 'i', tablet_id: 2n, version: 7n };
    txn.set(keys.metaRowset.encode(fields), toBinary(RowsetMetaCloudPBSchema, rowset));
  });
  expect(await whys()).toEqual([
    'it is the index of tablet 1, and names tablet 2',
    ...['tablet 3 has no statistics', 'tablet 3 has no metadata'],
    ...Array(2).fill('the index of tablet 3 does not lead here'),
    'rowset r of tablet 2 ends with version 6',
  ]);
});

test('leaves out what is being recycled', async () => {
  await change((txn) => {
    removeRecord(txn, keys.metaTablet, place(1n));
    removeRecord(txn, keys.metaTabletIndex, index(2n));
  });
  expect((await check()).inconsistent.count).toBeGreaterThan(2);
  const drop = { cloudUniqueId: '1:i:fe', dbId: DB_ID, tableId: PLACE.tableId, indexIds: [PLACE.indexId] };
  expect(await world.domain.status(rpc.drop_index, drop)).toBe('OK');
  expect(await whys()).toEqual([
    'rowset first of 2 of tablet 2 has no tablet',
    expect.stringMatching(/of tablet 2 has no tablet$/),
  ]);
});

test('says what it could not read', async () => {
  const odd = [keys.metaTabletIndex.encode(index(1n)), keys.metaTablet.encode(place(2n))];
  await change((txn) => {
    for (const key of odd) txn.set(key, Buffer.from([0xff]));
  });
  const { unchecked, inconsistent } = await check();
  expect(inconsistent.count).toBe(0);
  expect(unchecked.first.map(({ what }) => what)).toEqual(odd.map((key) => key.toString('hex')));
});

import { afterEach, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import type { ObjectCall } from '../../../test/support/objects/memory-object-store.ts';
import { type CheckWorld, openCheckWorld, pathOf } from '../../../test/support/recycler/check-world.ts';
import { PLACE, schemaOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { ObjectStoreError } from '../../objects/object-store-error.ts';
import { InvertedIndexStorageFormatPB as Format, IndexType } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { invertedIndexesPath, invertedIndexPath } from '../data-paths.ts';
import type { Finding } from './check-report.ts';

let world: CheckWorld;
afterEach(() => world.domain.dispose());

const check = (more = {}) => world.check({ checks: ['objects'], ...more });

async function open(fault?: (call: ObjectCall) => object | undefined | Promise<undefined>): Promise<void> {
  world = await openCheckWorld(fault ? { fault } : {});
  await world.createTablets([1n, 2n, 3n]);
}

test('finds all there of what is visible, in both vaults, and looks for nothing else', async () => {
  await open();
  await world.load([1n, 2n], { numSegments: 3n });
  await world.load([1n], { resourceId: '2', numSegments: 2n });
  await world.load([2n], { numSegments: 0n, resourceId: 'none' });
  const unfinished = await world.write([3n]);
  world.remove(pathOf(unfinished, 3n));
  const report = await check();
  expect(report).toMatchObject({ rowsets: 7, rowsets_with_objects: 3, dropped: false });
  for (const kind of ['lost', 'orphaned', 'inconsistent', 'unchecked'] as const) {
    expect(report[kind]).toEqual({ count: 0, first: [] });
  }
});

test('names what is lost, with its vault and its rowset', async () => {
  await open();
  const first = await world.load([1n, 2n], { numSegments: 3n });
  const second = await world.load([1n], { resourceId: '2' });
  world.remove(pathOf(first, 2n, 1));
  world.second.delete(`pre/${pathOf(second, 1n)}`);
  const { lost } = await check();
  expect(lost.count).toBe(2);
  expect(lost.first).toEqual(
    expect.arrayContaining([
      {
        kind: 'lost',
        vault: expect.stringContaining('vault 1'),
        path: pathOf(first, 2n, 1),
        ...{ tablet_id: '2', rowset_id: `rowset ${first} of 2`, version: '2' },
      },
      expect.objectContaining({ vault: expect.stringContaining('vault 2'), version: '3' }),
    ]),
  );
});

test('does not look for an object in another vault than its own', async () => {
  await open();
  const txnId = await world.load([1n], { resourceId: '2' });
  world.second.delete(`pre/${pathOf(txnId, 1n)}`);
  world.put(pathOf(txnId, 1n));
  expect((await check()).lost.count).toBe(1);
});

test.each([
  [
    Format.V1,
    (name: { tablet_id: bigint; rowset_id: string }) => invertedIndexPath(name, 0, { index_id: 9n, suffix: 's' }),
  ],
  [Format.V2, (name: { tablet_id: bigint; rowset_id: string }) => invertedIndexesPath(name, 0)],
])('looks for inverted indexes of format %s', async (inverted, pathIn) => {
  await open();
  const index = [{ indexId: 9n, indexSuffixName: 's', indexType: IndexType.INVERTED, indexName: 'x' }];
  const tabletSchema = schemaOf(1, { index, invertedIndexStorageFormat: inverted });
  const txnId = await world.load([1n], { tabletSchema });
  const path = pathIn({ tablet_id: 1n, rowset_id: `rowset ${txnId} of 1` });
  expect((await check()).lost.first).toMatchObject([{ path }]);
  world.put(path);
  expect((await check()).lost.count).toBe(0);
});

test('keeps the first findings, and tells of each', async () => {
  await open();
  const txnId = await world.load([1n, 2n, 3n], { numSegments: 10n });
  for (const tabletId of [1n, 3n]) for (let i = 0; i < 10; i++) world.remove(pathOf(txnId, tabletId, i));
  const told: Finding[] = [];
  const { lost } = await check({ most_kept: 3, onFinding: (finding: Finding) => told.push(finding) });
  expect([lost.count, lost.first.length, told.length]).toEqual([20, 3, 20]);
});

test('believes a listing that lags behind nothing', async () => {
  await open(({ deed }) => (deed === 'list' ? { stale_changes: 5 } : undefined));
  await world.load([1n, 2n]);
  expect((await check()).lost.count).toBe(0);
});

test('takes nothing for lost that was dropped, or is visible no more, when it is missed', async () => {
  let before: () => Promise<void> = async () => undefined;
  await open(async ({ deed }) => void (deed === 'exists' && (await before())));
  const txnId = await world.load([1n]);
  world.remove(pathOf(txnId, 1n));
  before = () =>
    world.domain.store.transact(async (txn) =>
      txn.clear(keys.metaRowset.encode({ instance_id: 'i', tablet_id: 1n, version: 2n })),
    );
  expect((await check()).lost.count).toBe(0);
  const second = await world.load([2n]);
  world.remove(pathOf(second, 2n));
  expect((await check()).lost.count).toBe(1);
  const drop = { cloudUniqueId: '1:i:fe', dbId: 1n, tableId: PLACE.tableId, indexIds: [PLACE.indexId] };
  expect(await world.domain.status(rpc.drop_index, drop)).toBe('OK');
  expect((await check()).lost.count).toBe(0);
});

test('says what it could not check, and goes on', async () => {
  await open(({ deed, ...call }) =>
    deed === 'list' && 'prefix' in call && call.prefix.includes('data/2/')
      ? { before: new ObjectStoreError('unavailable', 'not now') }
      : undefined,
  );
  await world.load([1n, 2n]);
  const txnId = await world.load([3n]);
  world.remove(pathOf(txnId, 3n));
  await world.load([1n], { resourceId: 'none' });
  await world.domain.store.transact(async (txn) =>
    txn.set(keys.metaRowset.encode({ instance_id: 'i', tablet_id: 1n, version: 9n }), Buffer.from([0xff])),
  );
  const { unchecked, lost } = await check();
  expect(lost.first).toMatchObject([{ path: pathOf(txnId, 3n) }]);
  expect(unchecked.first.map(({ what }) => what).sort()).toEqual([
    expect.stringMatching(/^01/),
    'tablet 1 in vault none',
    'tablet 2 in vault 1',
  ]);
});

test.each([
  ['denied', 4],
  ['failed', 12],
] as const)('asks a place again unless it stays closed: %s', async (fault, most_asked) => {
  let lists = 0;
  await open(({ deed }) => {
    if (deed !== 'list') return undefined;
    lists++;
    return { before: new ObjectStoreError(fault, 'no') };
  });
  const tablets = Array.from({ length: 12 }, (_, i) => BigInt(i + 10));
  await world.createTablets(tablets);
  await world.load(tablets);
  expect((await check()).unchecked.count).toBe(12);
  // Four tablets are looked at side by side.
  expect(lists).toBeLessThanOrEqual(most_asked);
  expect(lists > 4).toBe(fault === 'failed');
});

test('of a dropped instance checks nothing', async () => {
  await open();
  const txnId = await world.load([1n]);
  world.remove(pathOf(txnId, 1n));
  expect((await world.domain.admin('drop_instance', { instance_id: 'i' })).code).toBe('OK');
  expect(await world.check()).toMatchObject({ dropped: true, rowsets: 0, lost: { count: 0 } });
});

test('ends when it is told to', async () => {
  await open();
  await world.load([1n]);
  const signal = AbortSignal.abort(new Error('enough'));
  for (const name of ['objects', 'orphans', 'meta'] as const) {
    await expect(world.check({ checks: [name], signal })).rejects.toThrow('enough');
  }
});

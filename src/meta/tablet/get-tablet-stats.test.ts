import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { createTablets, PLACE, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { addToTabletStats } from '../../records/tablet-stats.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { TabletIndexPBSchema } from '../../schema/gen/cloud/tablet_pb.ts';

const cloudUniqueId = '1:i:be';
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  expect(await createTablets(domain, cloudUniqueId, [tabletOf(1n), tabletOf(2n)])).toBe('OK');
  await add(1n, { data_size: 50n, num_rows: 3n, num_rowsets: 1n, num_segments: 2n });
});
afterEach(() => domain.dispose());

function add(tablet_id: bigint, delta: Parameters<typeof addToTabletStats>[2]) {
  const fields = { instance_id: 'i', table_id: 10n, index_id: 11n, partition_id: 12n, tablet_id };
  return domain.store.transact(async (txn) => addToTabletStats(txn, fields, delta));
}

function get(...tabletIdx: object[]) {
  return domain.call(rpc.get_tablet_stats, { cloudUniqueId, tabletIdx });
}

async function sizes(...tabletIdx: object[]): Promise<string[]> {
  const { tabletStats } = await get(...tabletIdx);
  return tabletStats.map(({ idx, dataSize, numRowsets }) => `${idx?.tabletId}: ${dataSize} in ${numRowsets}`);
}

test('statistics come in the order asked, with what loads have added, as often as they are asked for', async () => {
  const full = { ...PLACE, tabletId: 2n };
  expect(await sizes({ tabletId: 2n }, { tabletId: 1n }, { ...full }, { tabletId: 1n })).toEqual([
    '2: 0 in 1',
    '1: 50 in 2',
    '2: 0 in 1',
    '1: 50 in 2',
  ]);
  expect(await sizes()).toEqual([]);
});

test('a size below zero is shown as none', async () => {
  await add(1n, { data_size: -70n });
  expect(await sizes({ tabletId: 1n })).toEqual(['1: 0 in 2']);
});

test('a tablet that nobody knows is an error, beside what stands before it', async () => {
  const answer = await get({ tabletId: 1n }, { tabletId: 9n }, { tabletId: 2n });
  expect(answer.status).toMatchObject({
    code: MetaServiceCode.TABLET_NOT_FOUND,
    msg: expect.stringMatching(/tablet_id=9 key=01/),
  });
  expect(answer.tabletStats).toMatchObject([{ idx: { tabletId: 1n }, dataSize: 50n }]);
});

test('an index that leads nowhere is an error, and nothing is beside it', async () => {
  const answer = await get({ tabletId: 1n }, { ...PLACE, indexId: 99n, tabletId: 2n });
  expect(answer.status).toMatchObject({
    code: MetaServiceCode.TABLET_NOT_FOUND,
    msg: 'tablet stats not found, tablet_id=2',
  });
  expect(answer.tabletStats).toEqual([]);
});

test('a damaged index is an error', async () => {
  await domain.store.transact(async (txn) => {
    const index = create(TabletIndexPBSchema, { tabletId: 2n });
    writeRecord(txn, keys.metaTabletIndex, { instance_id: 'i', tablet_id: 3n }, index);
  });
  expect((await get({ tabletId: 3n })).status).toMatchObject({ msg: 'internal error' });
});

test('many tablets are more than one transaction, and an error in a later one leaves those before it', async () => {
  const wanted = Array.from({ length: 2_500 }, (_, i) => ({ tabletId: BigInt(1 + (i % 2)) }));
  expect((await get(...wanted)).tabletStats.length).toBe(2_500);
  expect((await get(...wanted, { tabletId: 9n })).tabletStats.length).toBe(2_500);
});

test('a caller that nobody knows is refused', async () => {
  expect(await domain.status(rpc.get_tablet_stats, { tabletIdx: [{ tabletId: 1n }] })).toBe(
    'INVALID_ARGUMENT empty instance_id',
  );
});

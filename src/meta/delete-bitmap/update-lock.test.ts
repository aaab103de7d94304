import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc, unchanged } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { addToTabletStats } from '../../records/tablet-stats.ts';
import { TabletStatsPBSchema } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { readUpdateLock } from './update-lock.ts';

const cloudUniqueId = '1:i:fe';
let now = 1_000;
let domain: Domain;
beforeEach(async () => {
  now = 1_000;
  domain = await openInstance({ now: () => now });
});
afterEach(() => domain.dispose());

function take(lockId: bigint, initiator: bigint, more: object = {}): Promise<string> {
  const request = { cloudUniqueId, tableId: 10n, partitionIds: [12n], lockId, initiator, expiration: 600n };
  return domain.status(rpc.get_delete_bitmap_update_lock, { ...request, ...more });
}

function giveBack(lockId: bigint, initiator: bigint, more: object = {}): Promise<string> {
  const request = { cloudUniqueId, tableId: 10n, tabletId: 100n, lockId, initiator };
  return domain.status(rpc.remove_delete_bitmap_update_lock, { ...request, ...more });
}

function update(lockId: bigint, initiator: bigint): Promise<string> {
  const one = { rowsetIds: ['r'], segmentIds: [0], versions: [2n], segmentDeleteBitmaps: [Buffer.from('b')] };
  return domain.status(rpc.update_delete_bitmap, {
    cloudUniqueId,
    tableId: 10n,
    tabletId: 100n,
    lockId,
    initiator,
    ...one,
  });
}

function lock() {
  return domain.store.transact((txn) => readUpdateLock(txn, 'i', 10n));
}

describe('the lock on the delete bitmaps of a table', () => {
  test('is shared by those who take it under one id, and extended by each of them', async () => {
    await take(100n, 1n);
    expect(await lock()).toMatchObject({ lockId: 100n, expiration: 1_600n, initiators: [1n] });
    now = 1_100;
    await take(100n, 2n);
    await take(100n, 1n);
    expect(await lock()).toMatchObject({ lockId: 100n, expiration: 1_700n, initiators: [1n, 2n] });
  });

  test('is refused to everyone else until it expires, which is after its last second', async () => {
    await take(100n, 1n);
    now = 1_600;
    const holder = 'locked by lock_id=100 table_id=10 now=1600 expiration=1600';
    await unchanged(domain, take(101n, 1n), `LOCK_CONFLICT already be locked. request lock_id=101 ${holder}`);
    now = 1_601;
    expect(await take(101n, 7n)).toBe('OK');
    expect(await lock()).toMatchObject({ lockId: 101n, initiators: [7n] });
  });

  test('forgets by expiring who held it, even for the same id', async () => {
    await take(100n, 1n, { expiration: -10n });
    await take(100n, 2n);
    expect(await lock()).toMatchObject({ lockId: 100n, initiators: [2n] });
  });

  test('may be used by its owner after it expired, until another takes it', async () => {
    await take(100n, 1n, { expiration: -10n });
    expect(await update(100n, 1n)).toBe('OK');
    await take(101n, 1n);
    await unchanged(domain, update(100n, 1n), 'LOCK_EXPIRED lock id not match, locked by lock_id=101');
    await unchanged(domain, giveBack(100n, 1n), 'LOCK_EXPIRED lock id not match, locked by lock_id=101');
  });

  test.each([
    ['0, which never comes', -1_000n],
    ['negative', -5_000n],
    ['beyond an int64', 2n ** 63n - 1n],
  ])('does not expire when its time is %s', async (_, expiration) => {
    await take(100n, 1n, { expiration });
    now = 9_000_000;
    expect(await take(101n, 1n)).toMatch(/^LOCK_CONFLICT/);
  });

  test('is one for each table, whatever the partitions', async () => {
    await take(100n, 1n);
    expect(await take(101n, 1n, { tableId: 11n })).toBe('OK');
    expect(await take(101n, 1n, { partitionIds: [13n] })).toMatch(/^LOCK_CONFLICT/);
  });

  test('has 0 for what a request leaves out', async () => {
    const request = { cloudUniqueId, tableId: 10n };
    expect(await domain.status(rpc.get_delete_bitmap_update_lock, request)).toBe('OK');
    expect(await lock()).toMatchObject({ lockId: 0n, initiators: [0n], expiration: 1_000n });
    expect(await take(5n, 0n)).toMatch(/^LOCK_CONFLICT/);
    expect(await domain.status(rpc.remove_delete_bitmap_update_lock, request)).toBe('OK');
  });

  test('is given back by any of those who share it, for all of them', async () => {
    await take(100n, 1n);
    await take(100n, 2n);
    expect(await giveBack(100n, 1n)).toBe('OK');
    expect(await lock()).toBeUndefined();
    await unchanged(domain, giveBack(100n, 2n), 'LOCK_EXPIRED lock id key not found');
  });

  test('is given back by nobody else', async () => {
    await take(100n, 1n);
    await unchanged(domain, giveBack(101n, 1n), 'LOCK_EXPIRED lock id not match, locked by lock_id=100');
    await unchanged(domain, giveBack(100n, 9n), 'LOCK_EXPIRED lock initiator not exist');
    await unchanged(domain, giveBack(100n, 1n, { tableId: 11n }), 'LOCK_EXPIRED lock id key not found');
  });

  test('goes to one of those who ask for it at the same time', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, i) => take(BigInt(100 + i), 1n)));
    expect(outcomes.filter((outcome) => outcome === 'OK').length).toBe(1);
    expect(outcomes.filter((outcome) => outcome.startsWith('LOCK_CONFLICT')).length).toBe(7);
  });

  test.each([
    ['nobody', '', 'INVALID_ARGUMENT cloud unique id not set'],
    ['someone unknown', '1:nobody:fe', 'INVALID_ARGUMENT empty instance_id'],
  ])('is not for %s', async (_, id, expected) => {
    await unchanged(domain, take(100n, 1n, { cloudUniqueId: id }), expected);
    await unchanged(domain, giveBack(100n, 1n, { cloudUniqueId: id }), expected);
  });
});

describe('with the lock, a load learns how far the compactions of its tablets came', () => {
  const tablet = (tabletId: bigint) => ({ tableId: 10n, indexId: 11n, partitionId: 12n, tabletId });
  const fieldsOf = (tablet_id: bigint) => ({
    ...{ instance_id: 'i', table_id: 10n, index_id: 11n, partition_id: 12n },
    tablet_id,
  });

  beforeEach(() =>
    domain.store.transact(async (txn) => {
      const stats = (n: bigint) => ({ baseCompactionCnt: n, cumulativeCompactionCnt: n + 1n, cumulativePoint: n + 2n });
      writeRecord(txn, keys.statsTablet, fieldsOf(100n), create(TabletStatsPBSchema, stats(10n)));
      writeRecord(txn, keys.statsTablet, fieldsOf(101n), create(TabletStatsPBSchema, stats(20n)));
      addToTabletStats(txn, fieldsOf(101n), { num_rows: 5n, num_rowsets: 1n });
    }),
  );

  const ask = (tabletIndexes: object[], requireCompactionStats = true) =>
    domain.call(rpc.get_delete_bitmap_update_lock, {
      ...{ cloudUniqueId, tableId: 10n, lockId: 1n, initiator: 1n, expiration: 600n },
      ...{ requireCompactionStats, tabletIndexes },
    });

  test('in the order of the request', async () => {
    expect(await ask([tablet(101n), tablet(100n), tablet(101n)])).toMatchObject({
      baseCompactionCnts: [20n, 10n, 20n],
      cumulativeCompactionCnts: [21n, 11n, 21n],
      cumulativePoints: [22n, 12n, 22n],
    });
  });

  test('only where it asks for it', async () => {
    const none = { baseCompactionCnts: [], cumulativeCompactionCnts: [], cumulativePoints: [] };
    expect(await ask([tablet(100n), tablet(999n)], false)).toMatchObject({ ...none, status: { code: 0 } });
    expect(await ask([])).toMatchObject({ ...none, status: { code: 0 } });
  });

  test.each([
    ['of a tablet that is not known', tablet(999n), 999],
    ['of a tablet whose index is not complete', { tabletId: 100n }, 100],
  ])('and gets no lock without those %s', async (_, index, id) => {
    const before = await domain.version();
    const answer = await ask([tablet(100n), index]);
    expect(answer.status.msg).toBe(`tablet stats not found, tablet_id=${id}`);
    expect(answer.baseCompactionCnts).toEqual([]);
    expect(await domain.version()).toBe(before);
    expect(await lock()).toBeUndefined();
  });
});

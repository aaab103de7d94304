import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBitmaps, TABLET, type TestBitmaps, versionsOf } from '../../../test/support/bitmaps.ts';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { PendingDeleteBitmapPBSchema } from '../../schema/gen/cloud/delete_bitmap_pb.ts';

let bitmaps: TestBitmaps;
beforeEach(async () => {
  bitmaps = await openBitmaps();
});
afterEach(() => bitmaps.domain.dispose());

describe('update_delete_bitmap', () => {
  test('of a load replaces what is pending on the tablet, even of the same load', async () => {
    expect(
      await bitmaps.update([
        ['r1', 2n, 0, 'a'],
        ['r1', 2n, 1, 'b'],
      ]),
    ).toBe('OK');
    expect(await bitmaps.pending()).toBe(2);
    expect(await bitmaps.update([['r2', 3n, 0, 'c']])).toBe('OK');
    expect(await bitmaps.pending()).toBe(1);
    expect(await bitmaps.get(['r1', 0n, 9n], ['r2', 0n, 9n])).toEqual([['r2', 3n, 0, 'c']]);
    expect(await bitmaps.update([])).toBe('OK');
    expect(await bitmaps.pending()).toBe(0);
    expect(await bitmaps.get(['r2', 0n, 9n])).toEqual([]);
  });

  test('leaves what is pending on other tablets', async () => {
    await bitmaps.update([['r1', 2n, 0, 'a']]);
    expect(await bitmaps.update([['r1', 2n, 0, 'b']], { tabletId: 101n })).toBe('OK');
    expect(await bitmaps.get(['r1', 0n, 9n])).toEqual([['r1', 2n, 0, 'a']]);
  });

  test('of a compaction or a schema change clears what is pending, and leaves the list', async () => {
    for (const lockId of [-1n, -2n]) {
      await bitmaps.lock(5n);
      await bitmaps.update([
        ['r1', 2n, 0, 'a'],
        ['r1', 2n, 1, 'b'],
      ]);
      await bitmaps.lock(lockId);
      expect(await bitmaps.update([['c1', 2n, 0, 'c']], { lockId })).toBe('OK');
      expect(await bitmaps.pending()).toBe(2);
      expect(await bitmaps.get(['r1', 0n, 9n], ['c1', 0n, 9n])).toEqual([['c1', 2n, 0, 'c']]);
    }
  });

  test('without the lock, as a compaction writes to rowsets that it replaces, keeps what is pending', async () => {
    await bitmaps.update([['r1', 2n, 0, 'a']]);
    expect(await bitmaps.update([['r2', 2n, 0, 'b']], { lockId: -3n, unlock: true })).toBe('OK');
    expect(await bitmaps.update([['r2', 2n, 0, 'c']], { lockId: -3n, unlock: true })).toBe('OK');
    expect(await bitmaps.pending()).toBe(1);
    expect(await bitmaps.get(['r1', 0n, 9n], ['r2', 0n, 9n])).toEqual([
      ['r1', 2n, 0, 'a'],
      ['r2', 2n, 0, 'c'],
    ]);
  });

  test('of a load without the lock lists its own as pending, and leaves the bitmaps that were listed', async () => {
    await bitmaps.update([
      ['r1', 2n, 0, 'a'],
      ['r1', 2n, 1, 'b'],
    ]);
    expect(await bitmaps.update([['r9', 2n, 0, 'c']], { lockId: 6n, initiator: 9n, unlock: true })).toBe('OK');
    expect(await bitmaps.pending()).toBe(1);
    expect((await bitmaps.get(['r1', 0n, 9n], ['r9', 0n, 9n])).length).toBe(3);
  });

  test('stores no empty bitmap, and lists it all the same', async () => {
    expect(
      await bitmaps.update([
        ['r1', 2n, 0, ''],
        ['r1', 2n, 1, 'b'],
      ]),
    ).toBe('OK');
    expect(await bitmaps.pending()).toBe(2);
    expect(await bitmaps.get(['r1', 0n, 9n])).toEqual([['r1', 2n, 1, 'b']]);
  });

  test('stores a large bitmap, and a small one in place of all of it', async () => {
    const large = 'x'.repeat(300_000);
    const compaction = { lockId: -3n, unlock: true };
    expect(
      await bitmaps.update(
        [
          ['r1', 2n, 0, large],
          ['r1', 2n, 1, 'b'],
        ],
        compaction,
      ),
    ).toBe('OK');
    expect(await bitmaps.get(['r1', 2n, 2n])).toEqual([
      ['r1', 2n, 0, large],
      ['r1', 2n, 1, 'b'],
    ]);
    expect(await bitmaps.update([['r1', 2n, 0, 'tiny']], compaction)).toBe('OK');
    expect((await bitmaps.get(['r1', 2n, 2n]))[0]).toEqual(['r1', 2n, 0, 'tiny']);
  });

  test('clears nothing but bitmaps of the tablet, whatever a damaged list names', async () => {
    await bitmaps.update([['r1', 2n, 0, 'a']], { tabletId: 101n });
    const fields = { rowset_id: 'r1', version: 2n, segment_id: 0n, tablet_id: 101n };
    const deleteBitmapKeys = [
      Buffer.alloc(0),
      keys.instance.encode({ instance_id: 'i' }),
      keys.metaDeleteBitmap.encode({ instance_id: 'i', ...fields }),
    ];
    await bitmaps.domain.store.transact(async (txn) => {
      const list = create(PendingDeleteBitmapPBSchema, { deleteBitmapKeys });
      writeRecord(txn, keys.metaPendingDeleteBitmap, { instance_id: 'i', tablet_id: 100n }, list);
    });
    expect(await bitmaps.update([['r2', 2n, 0, 'b']])).toBe('OK');
    const other = await bitmaps.domain.call(rpc.get_delete_bitmap, {
      ...TABLET,
      tabletId: 101n,
      ...versionsOf([['r1', 2n, 2n]]),
    });
    expect(other.rowsetIds).toEqual(['r1']);
  });

  test.each([
    ['without the lock', { tableId: 11n }, 'LOCK_EXPIRED lock id key not found'],
    ['without a table', { tableId: undefined }, 'LOCK_EXPIRED lock id key not found'],
    ['under another lock', { lockId: 6n }, 'LOCK_EXPIRED lock id not match, locked by lock_id=5'],
    ['without an id', { lockId: undefined }, 'LOCK_EXPIRED lock id not match, locked by lock_id=5'],
    ['by someone else', { initiator: 2n }, 'LOCK_EXPIRED lock initiator not exist'],
    ['by nobody', { cloudUniqueId: '' }, 'INVALID_ARGUMENT cloud unique id not set'],
    ['by someone unknown', { cloudUniqueId: '1:nobody:be' }, 'INVALID_ARGUMENT empty instance_id'],
    [
      'with fewer versions',
      { versions: [] },
      /^INVALID_ARGUMENT rowset, .* rowset_size=1 segment_size=1 version_size=0/,
    ],
    ['with more bitmaps', { segmentDeleteBitmaps: ['a', 'b'].map(Buffer.from) }, /^INVALID_ARGUMENT .* bitmap_size=2$/],
    ['with an endless id of a rowset', { rowsetIds: ['r'.repeat(5_000)] }, /^INVALID_ARGUMENT/],
  ])('%s writes nothing', async (_, more, expected) => {
    await bitmaps.update([['r1', 2n, 0, 'a']]);
    await bitmaps.unchanged(bitmaps.update([['r2', 3n, 0, 'b']], more), expected);
  });
});

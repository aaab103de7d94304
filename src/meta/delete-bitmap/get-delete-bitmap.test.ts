import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBitmaps, TABLET, type TestBitmaps, versionsOf, type Wanted } from '../../../test/support/bitmaps.ts';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { TabletStatsPBSchema } from '../../schema/gen/cloud/tablet_stats_pb.ts';

let bitmaps: TestBitmaps;
beforeEach(async () => {
  bitmaps = await openBitmaps();
});
afterEach(() => bitmaps.domain.dispose());

describe('get_delete_bitmap', () => {
  beforeEach(() =>
    bitmaps.update([
      ...([
        ['r1', 2n, 0, 'a'],
        ['r1', 5n, 2, 'b'],
        ['r1', 5n, 0, 'c'],
        ['r1', 3n, 1, 'd'],
      ] as const),
      ['r2', 3n, 0, 'e'],
      ['r', 3n, 0, 'f'],
    ]),
  );

  test('answers in the order of the rowsets asked for, then by version and segment', async () => {
    const r1 = [
      ['r1', 2n, 0, 'a'],
      ['r1', 3n, 1, 'd'],
      ['r1', 5n, 0, 'c'],
      ['r1', 5n, 2, 'b'],
    ];
    expect(await bitmaps.get(['r2', 0n, 9n], ['r1', 0n, 9n])).toEqual([['r2', 3n, 0, 'e'], ...r1]);
    expect(await bitmaps.get(['r1', 0n, 9n], ['r1', 0n, 9n])).toEqual([...r1, ...r1]);
  });

  test.each<[Wanted, string]>([
    [['r1', 3n, 3n], 'd'],
    [['r1', 3n, 4n], 'd'],
    [['r1', 0n, 2n], 'a'],
    [['r1', 6n, 9n], ''],
    [['r1', 5n, 2n], ''],
    [['r', 0n, 2n ** 63n - 1n], 'f'],
    [['zz', -(2n ** 63n), 2n ** 63n - 1n], ''],
  ])('of %s are %j', async (wanted, expected) => {
    expect((await bitmaps.get(wanted)).map(([, , , bitmap]) => bitmap).join('')).toBe(expected);
  });

  test('of no rowsets, or of a tablet without any, are none', async () => {
    expect(await bitmaps.get()).toEqual([]);
    const answer = await bitmaps.domain.call(rpc.get_delete_bitmap, {
      ...TABLET,
      tabletId: 9n,
      ...versionsOf([['r1', 0n, 9n]]),
    });
    expect(answer.rowsetIds).toEqual([]);
  });

  test('needs lists of one length', async () => {
    const request = { ...TABLET, rowsetIds: ['r1', 'r2'], beginVersions: [0n], endVersions: [9n, 9n] };
    const sizes = 'rowset_size=2 begin_version_size=1 end_version_size=2';
    const message = `INVALID_ARGUMENT rowset and version size not match.  ${sizes}`;
    expect(await bitmaps.domain.status(rpc.get_delete_bitmap, request)).toBe(message);
    expect(await bitmaps.domain.status(rpc.remove_delete_bitmap, request)).toBe(message);
  });

  describe('for a backend that knows the tablet in a state of its compactions', () => {
    const idx = { tableId: 10n, indexId: 11n, partitionId: 12n, tabletId: 100n };
    const asked = (more: object) =>
      bitmaps.domain.call(rpc.get_delete_bitmap, { ...TABLET, ...versionsOf([['r2', 0n, 9n]]), idx, ...more });

    beforeEach(() =>
      bitmaps.domain.store.transact(async (txn) => {
        const fields = { instance_id: 'i', table_id: 10n, index_id: 11n, partition_id: 12n, tablet_id: 100n };
        const counts = { baseCompactionCnt: 0n, cumulativeCompactionCnt: 3n, cumulativePoint: 7n };
        writeRecord(txn, keys.statsTablet, fields, create(TabletStatsPBSchema, counts));
      }),
    );

    test('answers in that state, where what is not given is 0', async () => {
      expect((await asked({ cumulativeCompactionCnt: 3n, cumulativePoint: 7n })).rowsetIds).toEqual(['r2']);
    });

    test.each([
      ['behind', { cumulativeCompactionCnt: 2n, cumulativePoint: 7n }],
      ['ahead', { cumulativeCompactionCnt: 4n, cumulativePoint: 7n }],
      ['at another point', { cumulativeCompactionCnt: 3n, cumulativePoint: 8n }],
      ['of another base', { baseCompactionCnt: 1n, cumulativeCompactionCnt: 3n, cumulativePoint: 7n }],
      ['that is not given', {}],
    ])('and refuses one %s, without bitmaps', async (_, counts) => {
      const answer = await asked(counts);
      expect(answer.status.msg).toBe('rowsets are expired');
      expect(answer.rowsetIds).toEqual([]);
    });

    test('and a tablet without statistics', async () => {
      const { status } = await asked({ idx: { ...idx, partitionId: 13n } });
      expect(status.msg).toBe('tablet stats not found, tablet_id=100');
    });
  });
});

describe('remove_delete_bitmap', () => {
  const remove = (...wanted: Wanted[]) =>
    bitmaps.domain.status(rpc.remove_delete_bitmap, { ...TABLET, ...versionsOf(wanted) });

  beforeEach(() =>
    bitmaps.update([
      ['r1', 2n, 0, 'a'.repeat(200_000)],
      ['r1', 2n, 4_294_967_295, 'b'],
      ['r1', 3n, 0, 'c'],
      ['r2', 2n, 0, 'd'],
    ]),
  );

  test('removes all segments of the versions of each rowset, and nothing else', async () => {
    expect(await remove(['r1', 2n, 2n], ['zz', 0n, 9n])).toBe('OK');
    expect(await bitmaps.get(['r1', 0n, 9n], ['r2', 0n, 9n])).toEqual([
      ['r1', 3n, 0, 'c'],
      ['r2', 2n, 0, 'd'],
    ]);
    expect(await remove(['r1', 0n, 9n], ['r2', 0n, 9n])).toBe('OK');
    expect(await bitmaps.get(['r1', 0n, 9n], ['r2', 0n, 9n])).toEqual([]);
  });

  test('of nothing is fine', async () => {
    await bitmaps.unchanged(remove(), 'OK');
  });

  test('refuses versions that end before they begin, and removes nothing', async () => {
    const message = 'end version before begin version. rowset_id=r2 begin_version=3 end_version=2';
    await bitmaps.unchanged(remove(['r1', 0n, 9n], ['r2', 3n, 2n]), `INVALID_ARGUMENT ${message}`);
  });
});

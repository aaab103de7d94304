import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BASE, type CompactionInit, fieldsOf, INSTANCE, JobWorld, NOW, outputOf } from '../../../test/support/jobs.ts';
import { PLACE } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readBytes, writeBytes } from '../../records/bytes-record.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { addToTabletStats, removeTabletStats } from '../../records/tablet-stats.ts';
import { DeleteBitmapUpdateLockPBSchema } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as CompactionType,
} from '../../schema/gen/cloud/job_pb.ts';
import { RecycleRowsetPB_Type as RecycleType } from '../../schema/gen/cloud/rowset_pb.ts';
import { TabletIndexPBSchema } from '../../schema/gen/cloud/tablet_pb.ts';
import { TabletStatsPBSchema } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { readUpdateLock, updateLockFields } from '../delete-bitmap/update-lock.ts';
import { tabletStatsToChange } from '../tablet/stored-stats.ts';

const TXN = 77n;
const TIME = NOW * 1000n;
let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.open();
  for (const version of [2n, 3n, 4n, 5n]) await world.load(version);
});
afterEach(() => world.domain.dispose());

async function started(more?: CompactionInit): Promise<void> {
  const counts = { baseCompactionCnt: 9n, cumulativeCompactionCnt: 9n };
  expect((await world.startCompaction({ ...counts, ...more })).status).toMatchObject({ code: 0, msg: '' });
}

async function committed(more: CompactionInit) {
  const answer = await world.finishCompaction(Action.COMMIT, more);
  expect(answer.status).toMatchObject({ code: 0, msg: '' });
  return answer;
}

function refused(more: CompactionInit, expected: string | RegExp) {
  return world.refused(() => world.finishCompaction(Action.COMMIT, more), expected);
}

describe('a cumulative compaction', () => {
  test('puts its output in the place of its input', async () => {
    await started();
    const written = await world.write(TXN);
    const { stats, alterVersion } = await committed(outputOf(2n, 4n, TXN));
    expect(alterVersion).toBe(-1n);
    expect(stats).toMatchObject({ cumulativeCompactionCnt: 1n, cumulativePoint: 5n, lastCumuCompactionTimeMs: TIME });
    expect(stats).toMatchObject({ dataSize: 200n, numRows: 20n, numRowsets: 3n, numSegments: 2n });
    expect(await world.stats()).toEqual(stats);
    expect(await world.rowsets()).toEqual(['1 first of 1', '4 written 77', '5 loaded 5']);
    expect(await world.visible(4n)).toEqual(written);
    expect(await world.written(TXN)).toBeUndefined();
    expect(await world.running()).toEqual([]);
  });

  test('leaves its input to the recycler, whole', async () => {
    const loaded = await world.visible(3n);
    await started();
    await world.write(TXN);
    await committed(outputOf(3n, 3n, TXN));
    const [recycled, ...others] = await world.recycled();
    expect(others).toEqual([]);
    expect(recycled).toMatchObject({ creationTime: NOW, type: RecycleType.COMPACT });
    expect(recycled?.rowsetMeta).toMatchObject({ rowsetIdV2: 'loaded 3', startVersion: 3n, endVersion: 3n });
    const key = keys.recycleRowset.encode({ instance_id: INSTANCE, tablet_id: BASE, rowset_id: 'loaded 3' });
    const stored = Buffer.from((await world.domain.store.transact((txn) => txn.get(key))) ?? []);
    expect(stored.includes(Buffer.from(loaded ?? 'nothing'))).toBe(true);
  });

  test('only moves the point forward', async () => {
    await started();
    await world.write(TXN);
    expect((await committed({ ...outputOf(2n, 3n, TXN), outputCumulativePoint: 1n })).stats?.cumulativePoint).toBe(2n);
  });

  test('keeps what loads add meanwhile in its place', async () => {
    await started();
    await world.write(TXN);
    const meanwhile = { data_size: 7n, num_rows: 1n, num_rowsets: 1n, num_segments: 1n };
    await world.domain.store.transact(async (txn) => addToTabletStats(txn, fieldsOf(BASE), meanwhile));
    expect((await committed(outputOf(2n, 4n, TXN))).stats).toMatchObject({ dataSize: 207n, numRows: 21n });
    const aggregated = await world.domain.store.transact((txn) => readRecord(txn, keys.statsTablet, fieldsOf(BASE)));
    expect(aggregated).toMatchObject({ dataSize: -200n, numRows: -20n, numRowsets: -1n, numSegments: -2n });
  });

  test('can be committed once', async () => {
    await started();
    await world.write(TXN);
    await committed(outputOf(2n, 4n, TXN));
    await refused(outputOf(2n, 4n, TXN), 'INVALID_ARGUMENT there is no running compaction, tablet_id=1');
  });
});

describe('of the other kinds', () => {
  test('a base compaction counts, and leaves the point', async () => {
    await started({ type: CompactionType.BASE });
    await world.write(TXN);
    const { stats } = await committed({ ...outputOf(2n, 4n, TXN), type: CompactionType.BASE });
    expect(stats).toMatchObject({ baseCompactionCnt: 1n, cumulativeCompactionCnt: 0n, cumulativePoint: 2n });
    expect(stats).toMatchObject({ lastBaseCompactionTimeMs: TIME, dataSize: 200n });
    expect(isSet(stats, 'lastCumuCompactionTimeMs')).toBe(false);
  });

  test('a full one counts as a base compaction, and moves the point', async () => {
    await started({ type: CompactionType.FULL });
    await world.write(TXN);
    const { stats } = await committed({ ...outputOf(2n, 5n, TXN), type: CompactionType.FULL });
    expect(stats).toMatchObject({ baseCompactionCnt: 1n, cumulativePoint: 6n, lastFullCompactionTimeMs: TIME });
    expect(isSet(stats, 'fullCompactionCnt')).toBe(false);
    expect(isSet(stats, 'lastBaseCompactionTimeMs')).toBe(false);
  });

  test('an empty cumulative one sets the point, backwards too, and touches no rowset', async () => {
    const type = CompactionType.EMPTY_CUMULATIVE;
    for (const [outputCumulativePoint, count] of [
      [5n, 1n],
      [3n, 2n],
    ] as const) {
      await started({ type });
      const answer = await committed({ ...outputOf(2n, 4n, TXN), type, outputCumulativePoint });
      expect(isSet(answer, 'alterVersion')).toBe(false);
      expect(answer.stats).toMatchObject({ cumulativePoint: outputCumulativePoint, cumulativeCompactionCnt: count });
      expect(answer.stats).toMatchObject({ dataSize: 400n, numRowsets: 5n, lastCumuCompactionTimeMs: TIME });
    }
    expect(await world.rowsets()).toHaveLength(5);
    expect(await world.running()).toEqual([]);
  });

  test.each([CompactionType.UNKOWN, CompactionType.STOP_TOKEN])('%i is none that can be committed', async (type) => {
    await started();
    await world.write(TXN);
    const message = 'INVALID_ARGUMENT invalid compaction type';
    const { stats } = await refused({ ...outputOf(2n, 4n, TXN), type }, message);
    // As it is stored, without what loads added.
    expect(stats).toMatchObject({ cumulativeCompactionCnt: 0n, cumulativePoint: 2n, numRowsets: 1n, dataSize: 0n });
  });
});

describe('a commit that fails answers the statistics as they would have been, and keeps the job', () => {
  beforeEach(async () => {
    await started();
    await world.write(TXN);
  });

  const sizes = (input: number, output: number, ids: number) =>
    `INVALID_ARGUMENT invalid input or output versions, input_versions_size=${input} output_versions_size=${output} output_rowset_ids_size=${ids}`;
  test.each<[CompactionInit, string | RegExp]>([
    [{ inputVersions: [] }, sizes(0, 1, 1)],
    [{ inputVersions: [2n] }, sizes(1, 1, 1)],
    [{ inputVersions: [2n, 3n, 4n] }, sizes(3, 1, 1)],
    [{ outputVersions: [] }, sizes(2, 0, 1)],
    [{ outputVersions: [3n, 4n] }, sizes(2, 2, 1)],
    [{ outputRowsetIds: [] }, sizes(2, 1, 0)],
    [{ inputVersions: [8n, 9n] }, 'UNDEFINED_ERR too few input rowsets, tablet_id=1 num_rowsets=0'],
    [{ inputVersions: [4n, 2n] }, 'UNDEFINED_ERR too few input rowsets, tablet_id=1 num_rowsets=0'],
    [{ inputVersions: [9n, 2n ** 63n - 1n] }, 'UNDEFINED_ERR too few input rowsets, tablet_id=1 num_rowsets=0'],
    [{ txnId: [] }, 'INVALID_ARGUMENT invalid txn_id, txn_id_size=0'],
    [{ txnId: [1n, 2n] }, 'INVALID_ARGUMENT invalid txn_id, txn_id_size=2'],
    [{ txnId: [0n] }, 'INVALID_ARGUMENT invalid txn_id or rowset_id, tablet_id=1 txn_id=0 rowset_id=written 77'],
    [{ outputRowsetIds: [''] }, 'INVALID_ARGUMENT invalid txn_id or rowset_id, tablet_id=1 txn_id=77 rowset_id='],
    [
      { txnId: [78n] },
      /^UNDEFINED_ERR failed to get tmp rowset key \(not found\), tablet_id=1 tmp_rowset_key=[0-9a-f]+, err=KeyNotFound$/,
    ],
    [
      { deleteBitmapLockInitiator: 5n },
      /^KV_TXN_GET_ERR failed to get delete bitmap update lock key, instance_id=i table_id=10 key=[0-9a-f]+ err=KeyNotFound$/,
    ],
  ])('%o', async (wrong, message) => {
    const answer = await refused({ ...outputOf(2n, 4n, TXN), ...wrong }, message);
    expect(answer.stats).toMatchObject({ cumulativeCompactionCnt: 1n, numRowsets: 3n, dataSize: 200n });
    expect(await world.running()).toEqual(['c']);
    await committed(outputOf(2n, 4n, TXN));
  });

  test('when the output was written by no transaction', async () => {
    await world.domain.store.transact(async (txn) => {
      const fields = { instance_id: INSTANCE, txn_id: TXN, tablet_id: BASE };
      const rowset = await readRecord(txn, keys.metaRowsetTmp, fields, { editable: true });
      if (!rowset) throw new Error('nothing was written');
      rowset.txnId = 0n;
      writeRecord(txn, keys.metaRowsetTmp, fields, rowset);
    });
    const message = 'INVALID_ARGUMENT invalid txn_id in output tmp rowset meta, tablet_id=1 txn_id=0';
    await refused(outputOf(2n, 4n, TXN), message);
  });

  test('but not when the tablet has none', async () => {
    await world.domain.store.transact(async (txn) => removeTabletStats(txn, fieldsOf(BASE)));
    const answer = await refused(outputOf(2n, 4n, TXN), 'TABLET_NOT_FOUND tablet stats not found, tablet_id=1');
    expect(answer.stats).toBeUndefined();
  });
});

test('numbers out of all bounds are stored as they wrap', async () => {
  await started();
  await world.write(TXN);
  const most = 2n ** 63n - 1n;
  const { stats } = await committed({ ...outputOf(2n, 4n, TXN), sizeOutputRowsets: most, sizeInputRowsets: -most });
  expect(stats?.dataSize).toBe(398n);
});

describe('at the same time', () => {
  const isConflict = { code: 'conflict' };

  /** Reads what a commit reads of the statistics, lets `others` commit meanwhile, and writes the statistics. */
  async function around(others: (txn: Transaction) => void): Promise<void> {
    const { store } = world.domain;
    const txn = store.begin();
    const index = create(TabletIndexPBSchema, { ...PLACE, tabletId: BASE });
    const { aggregated } = await tabletStatsToChange(txn, INSTANCE, index);
    await store.transact(async (other) => others(other));
    writeRecord(txn, keys.statsTablet, fieldsOf(BASE), aggregated);
    await txn.commit();
  }

  test('loads may add to the statistics', async () => {
    await around((txn) => addToTabletStats(txn, fieldsOf(BASE), { num_rows: 1n, num_rowsets: 1n }));
    expect((await world.stats())?.numRows).toBe(41n);
  });

  test('nobody else may change what is aggregated', async () => {
    const change = around((txn) => {
      writeRecord(txn, keys.statsTablet, fieldsOf(BASE), create(TabletStatsPBSchema, { cumulativePoint: 3n }));
    });
    await expect(change).rejects.toMatchObject(isConflict);
    expect((await world.stats())?.cumulativePoint).toBe(3n);
  });

  test('of many commits of one compaction, one counts', async () => {
    await started();
    await world.write(TXN);
    const commits = Array.from({ length: 8 }, () => world.finishCompaction(Action.COMMIT, outputOf(2n, 4n, TXN)));
    const codes = (await Promise.all(commits)).map(({ status }) => status.code);
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect((await world.stats())?.cumulativeCompactionCnt).toBe(1n);
  });
});

describe('the lock on delete bitmaps', () => {
  const lock = (lockId: bigint, initiators: bigint[]) =>
    world.domain.store.transact(async (txn) => {
      const value = create(DeleteBitmapUpdateLockPBSchema, { lockId, initiators, expiration: 1n });
      writeRecord(txn, keys.metaDeleteBitmapUpdateLock, updateLockFields(INSTANCE, PLACE.tableId), value);
    });
  const bitmap = (rowset_id: string) => ({
    instance_id: INSTANCE,
    tablet_id: BASE,
    rowset_id,
    version: 5n,
    segment_id: 0n,
  });
  const output = { ...outputOf(2n, 4n, TXN), deleteBitmapLockInitiator: 500n };

  beforeEach(async () => {
    await started();
    await world.write(TXN);
  });

  test('is left, expired or not, and the bitmaps of the input go', async () => {
    await lock(-1n, [501n, 500n]);
    const rowsets = ['loaded 2', 'loaded 4', 'loaded 5', 'written 77'];
    await world.domain.store.transact(async (txn) => {
      for (const id of rowsets) writeBytes(txn, keys.metaDeleteBitmap, bitmap(id), Buffer.from('bits'));
    });
    await committed(output);
    await world.domain.store.transact(async (txn) => {
      expect((await readUpdateLock(txn, INSTANCE, PLACE.tableId))?.initiators).toEqual([501n]);
      const left = await Promise.all(rowsets.map((id) => readBytes(txn, keys.metaDeleteBitmap, bitmap(id))));
      expect(left.map((value) => value?.toString())).toEqual([undefined, undefined, 'bits', 'bits']);
    });
  });

  test('is no matter without an initiator, and the bitmaps of the input stay', async () => {
    await world.domain.store.transact(async (txn) => {
      writeBytes(txn, keys.metaDeleteBitmap, bitmap('loaded 2'), Buffer.from('bits'));
    });
    await committed(outputOf(2n, 4n, TXN));
    const left = await world.domain.store.transact((txn) => readBytes(txn, keys.metaDeleteBitmap, bitmap('loaded 2')));
    expect(left?.toString()).toBe('bits');
  });

  test('must be held', async () => {
    await lock(999n, [500n]);
    await refused(output, 'LOCK_EXPIRED lock id not match');
    await lock(-1n, [501n]);
    await refused(output, 'LOCK_EXPIRED lock initiator not exist');
    await lock(-1n, [500n]);
    await committed(output);
    expect(await world.domain.store.transact((txn) => readUpdateLock(txn, INSTANCE, PLACE.tableId))).toBeUndefined();
  });
});

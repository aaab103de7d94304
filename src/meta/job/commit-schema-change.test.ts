import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BASE, type ChangeInit, fieldsOf, INSTANCE, JobWorld, NEW, NOW } from '../../../test/support/jobs.ts';
import { PLACE } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, removeRecord, writeRecord } from '../../records/message-record.ts';
import { removeTabletStats } from '../../records/tablet-stats.ts';
import { DeleteBitmapUpdateLockPBSchema } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as CompactionType,
} from '../../schema/gen/cloud/job_pb.ts';
import { RecycleRowsetPB_Type as RecycleType } from '../../schema/gen/cloud/rowset_pb.ts';
import { TabletStatePB as TabletState } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { readUpdateLock, updateLockFields } from '../delete-bitmap/update-lock.ts';

const { COMMIT } = Action;
let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.open();
});
afterEach(() => world.domain.dispose());

function metaOf(tabletId: bigint) {
  return world.domain.store.transact((txn) => readRecord(txn, keys.metaTablet, fieldsOf(tabletId)));
}

/** A commit of the versions 2 to 4 as three rowsets that were written under the ids 72 to 74. */
const CONVERTED: ChangeInit = {
  alterVersion: 4n,
  txnIds: [72n, 73n, 74n],
  outputVersions: [2n, 3n, 4n],
  numOutputRowsets: 3n,
  numOutputSegments: 3n,
  numOutputRows: 30n,
  sizeOutputRowsets: 330n,
  outputCumulativePoint: 5n,
};

async function converted(): Promise<void> {
  for (const txnId of CONVERTED.txnIds ?? []) await world.write(txnId, NEW);
}

describe('a commit', () => {
  test('makes the converted rowsets visible, and the tablet run', async () => {
    for (const version of [5n, 6n]) await world.load(version, NEW);
    await world.mustStartChange({ alterVersion: 4n });
    await converted();
    const written = await world.written(73n, NEW);
    const answer = await world.mustFinishChange(COMMIT, CONVERTED);
    expect(isSet(answer, 'alterVersion')).toBe(false);
    expect(answer.stats).toMatchObject({ numRows: 50n, numRowsets: 6n, numSegments: 5n, dataSize: 530n });
    expect(answer.stats).toMatchObject({ cumulativePoint: 5n, baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n });
    expect(await world.stats(NEW)).toEqual(answer.stats);
    const rowsets = ['1 first of 2', '2 written 72', '3 written 73', '4 written 74', '5 loaded 5', '6 loaded 6'];
    expect(await world.rowsets(NEW)).toEqual(rowsets);
    expect(await world.visible(3n, NEW)).toEqual(written);
    expect(await world.written(73n, NEW)).toBeUndefined();
    expect(await metaOf(NEW)).toMatchObject({ tabletState: TabletState.PB_RUNNING, cumulativeLayerPoint: 5n });
    for (const tabletId of [BASE, NEW]) expect((await world.recorded(tabletId))?.schemaChange).toBeUndefined();
    await world.finishChangeRefused(COMMIT, CONVERTED, 'JOB_ALREADY_SUCCESS schema_change job already success');
  });

  test('replaces what loads wrote to the new tablet up to the alter version', async () => {
    for (const version of [3n, 4n, 5n]) {
      await world.load(version, NEW, { dataDiskSize: 60n, indexDiskSize: 40n, totalDiskSize: 100n });
    }
    await world.mustStartChange({ alterVersion: 4n });
    await world.write(72n, NEW);
    const { stats } = await world.mustFinishChange(COMMIT, {
      ...CONVERTED,
      txnIds: [72n],
      outputVersions: [4n, 9n],
      numOutputRowsets: 1n,
      numOutputSegments: 1n,
      numOutputRows: 5n,
      sizeOutputRowsets: 50n,
    });
    expect(await world.rowsets(NEW)).toEqual(['1 first of 2', '4 written 72', '5 loaded 5']);
    // The indexes of the two that were replaced stay counted.
    expect(stats).toMatchObject({ dataSize: 300n - 120n + 50n, numRows: 15n, numRowsets: 3n, numSegments: 2n });
    const recycled = await world.recycled(NEW);
    expect(recycled.map(({ rowsetMeta }) => rowsetMeta?.rowsetIdV2)).toEqual(['loaded 3', 'loaded 4']);
    expect(recycled[0]).toMatchObject({ type: RecycleType.DROP, creationTime: NOW });
  });

  test('of a tablet without loads converts nothing, and stays recorded without holding anything up', async () => {
    await world.mustStartChange({ alterVersion: 1n });
    const answer = await world.mustFinishChange(COMMIT, { alterVersion: 1n, outputCumulativePoint: 2n });
    expect([isSet(answer, 'stats'), isSet(answer, 'alterVersion')]).toEqual([false, false]);
    expect(await metaOf(NEW)).toMatchObject({ tabletState: TabletState.PB_RUNNING, cumulativeLayerPoint: 2n });
    expect((await world.recorded())?.schemaChange?.id).toBe('s');
    expect((await world.stats(NEW))?.numRowsets).toBe(1n);
    const full = { type: CompactionType.FULL, inputVersions: [2n, 9n] };
    expect((await world.startCompaction(full, NEW)).status.code).toBe(0);
    await world.finishChangeRefused(COMMIT, { alterVersion: 1n }, /^JOB_ALREADY_SUCCESS /);
  });

  test('ends the stop token of the change, and no other compaction', async () => {
    for (const [type, left] of [
      [CompactionType.STOP_TOKEN, []],
      [CompactionType.CUMULATIVE, ['n']],
    ] as const) {
      await world.create(NEW, { tabletState: TabletState.PB_NOTREADY });
      await world.mustStartChange({ alterVersion: 4n });
      await world.startCompaction({ id: 'n', type, inputVersions: [5n, 6n], deleteBitmapLockInitiator: 12n }, NEW);
      expect(await world.running(NEW)).toEqual(['n']);
      await converted();
      await world.mustFinishChange(COMMIT, { ...CONVERTED, deleteBitmapLockInitiator: 12n });
      expect(await world.running(NEW)).toEqual(left);
    }
  });

  test.each<[ChangeInit, string | RegExp]>([
    [{ txnIds: [] }, 'INVALID_ARGUMENT empty txn_ids or output_versions'],
    [{ outputVersions: [] }, 'INVALID_ARGUMENT empty txn_ids or output_versions'],
    [
      { outputVersions: [2n, 3n] },
      'INVALID_ARGUMENT each of txn_ids needs its version in output_versions, txn_ids_size=3 output_versions_size=2',
    ],
    [{ txnIds: [72n, 73n, 99n] }, /^UNDEFINED_ERR failed to get tmp rowset key \(not found\), tablet_id=2 /],
    [{ txnIds: [72n, 73n, 72n] }, /^UNDEFINED_ERR failed to get tmp rowset key \(not found\), tablet_id=2 /],
  ])('with %o is refused, and changes nothing', async (wrong, expected) => {
    await world.mustStartChange();
    await converted();
    const answer = await world.finishChangeRefused(COMMIT, { ...CONVERTED, ...wrong }, expected);
    expect(answer.stats?.numRowsets).toBe(4n);
    expect((await metaOf(NEW))?.tabletState).toBe(TabletState.PB_NOTREADY);
    await world.mustFinishChange(COMMIT, CONVERTED);
  });

  test('ends the change of another base tablet into its new one, which nothing else would end', async () => {
    await world.create(5n);
    await world.mustStartChange({ alterVersion: 4n });
    await world.startChange({ id: 'of 5', alterVersion: 4n }, 5n);
    await converted();
    await world.mustFinishChange(COMMIT, CONVERTED);
    expect((await world.recorded(NEW))?.schemaChange).toBeUndefined();
    const full = { type: CompactionType.FULL, inputVersions: [2n, 4n] };
    expect((await world.startCompaction(full, NEW)).status.code).toBe(0);
  });

  test('without an alter version is refused, and changes nothing', async () => {
    await world.mustStartChange();
    await converted();
    const { alterVersion: _, ...without } = CONVERTED;
    const answer = await world.finishChangeRefused(COMMIT, without, 'INVALID_ARGUMENT invalid alter_version');
    expect(answer.stats).toBeUndefined();
    expect((await metaOf(NEW))?.tabletState).toBe(TabletState.PB_NOTREADY);
  });

  test('up to the greatest version there is replaces all loads', async () => {
    await world.load(2n, NEW);
    await world.mustStartChange();
    await converted();
    await world.mustFinishChange(COMMIT, { ...CONVERTED, alterVersion: 2n ** 63n - 1n });
    expect((await world.rowsets(NEW)).slice(1)).toEqual(['2 written 72', '3 written 73', '4 written 74']);
  });

  test('needs the statistics and the metadata of the new tablet', async () => {
    await world.mustStartChange();
    await converted();
    await world.domain.store.transact(async (txn) => removeTabletStats(txn, fieldsOf(NEW)));
    await world.finishChangeRefused(COMMIT, CONVERTED, 'TABLET_NOT_FOUND tablet stats not found, tablet_id=2');
    await world.domain.store.transact(async (txn) => removeRecord(txn, keys.metaTablet, fieldsOf(NEW)));
    await world.finishChangeRefused(
      COMMIT,
      CONVERTED,
      /^TABLET_NOT_FOUND failed to get new tablet meta \(not found\) /,
    );
  });
});

describe('with merge on write', () => {
  const lock = (lockId: bigint, initiators: bigint[]) =>
    world.domain.store.transact(async (txn) => {
      const value = create(DeleteBitmapUpdateLockPBSchema, { lockId, initiators });
      writeRecord(txn, keys.metaDeleteBitmapUpdateLock, updateLockFields(INSTANCE, PLACE.tableId), value);
    });
  const output = { ...CONVERTED, deleteBitmapLockInitiator: 700n };

  test('a commit needs the lock on delete bitmaps that schema changes share', async () => {
    await world.create(NEW, { tabletState: TabletState.PB_NOTREADY, enableUniqueKeyMergeOnWrite: true });
    await world.mustStartChange({ alterVersion: 4n });
    await converted();
    const missing = await world.finishChangeRefused(
      COMMIT,
      output,
      /^KV_TXN_GET_ERR failed to get delete bitmap update lock key, /,
    );
    expect(missing.stats).toMatchObject({ numRowsets: 4n });
    await lock(-1n, [700n]);
    await world.finishChangeRefused(COMMIT, output, 'LOCK_EXPIRED lock id not match');
    await lock(-2n, [701n]);
    await world.finishChangeRefused(COMMIT, output, 'LOCK_EXPIRED lock initiator not exist');
    await lock(-2n, [701n, 700n]);
    await world.mustFinishChange(COMMIT, output);
    const left = await world.domain.store.transact((txn) => readUpdateLock(txn, INSTANCE, PLACE.tableId));
    expect(left?.initiators).toEqual([701n]);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { decideLazily } from '../../../test/support/loads.ts';
import { DataWorld, INSTANCE, tabletsOf } from '../../../test/support/recycler/data-world.ts';
import { keys } from '../../keys/key-table.ts';
import { findTxn, saveTxn } from '../../meta/txn/txn-record.ts';
import { readRecord } from '../../records/message-record.ts';
import { FinishTabletJobRequest_Action as Action } from '../../schema/gen/cloud/job_pb.ts';
import { RecycleRowsetPB_Type as Type } from '../../schema/gen/cloud/rowset_pb.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { TabletStatePB as TabletState } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { recycleRowsets } from './recycle-rowsets.ts';
import { recycleTmpRowsets } from './recycle-tmp-rowsets.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const AT_ONCE = { settings: { force_immediate_recycle: true } };
const [one, two] = tabletsOf(1n, 2) as [ReturnType<typeof tabletsOf>[0], ReturnType<typeof tabletsOf>[0]];
let world: DataWorld;

beforeEach(async () => {
  world = await DataWorld.open();
  await world.createIndex([one, two]);
});
afterEach(() => world.dispose());

async function temporary(): Promise<string[]> {
  const range = keys.metaRowsetTmp.range({ instance_id: INSTANCE });
  return (await world.keys()).filter((key) => key.startsWith(range.begin.toString('hex')));
}

/** A load of a rowset to each of the tablets that has not been committed. */
async function begun(timeout_ms?: bigint): Promise<bigint> {
  const txnId = await world.begin(one.tableId, timeout_ms);
  for (const tablet of [one, two]) await world.write(world.rowset(txnId, tablet));
  return txnId;
}

function setStatus(txn_id: bigint, status: TxnStatus): Promise<void> {
  return world.domain.store.transact(async (txn) => {
    const info = await findTxn(txn, { instance_id: INSTANCE, db_id: 1n, txn_id });
    if (!info) throw new Error('there is no such transaction');
    info.status = status;
    saveTxn(txn, INSTANCE, info);
  });
}

describe('rowsets of a load', () => {
  test('that was aborted go with their objects, when they are old', async () => {
    await world.abort(await begun());
    world.now += HOUR + 3 * DAY - 1;
    await world.sweep(recycleTmpRowsets);
    expect(await temporary()).toHaveLength(2);
    world.now += 2;
    const before = await world.keys();
    const { planned } = await world.sweep(recycleTmpRowsets, { dry_run: true });
    expect(planned.map(({ why }) => why)).toEqual(
      [1, 2].map(() => 'never became visible, expired 2023-11-14T23:13:20.000Z'),
    );
    expect(await world.keys()).toEqual(before);
    const { progress } = await world.sweep(recycleTmpRowsets);
    expect(progress.numbers).toEqual({ scanned: 2, found: 2, deleted: 2, failed: 0, objects: 2, bytes: 200 });
    expect([await temporary(), world.paths]).toEqual([[], []]);
    expect(await world.keys()).toEqual(
      before.filter((key) => !key.includes(Buffer.from('rowset_tmp').toString('hex'))),
    );
  });

  test('that nobody knows any more go too', async () => {
    await world.abort(await begun());
    await world.must(rpc.clean_txn_label, { dbId: 1n });
    world.now += HOUR + 1;
    await world.sweep(recycleTmpRowsets, AT_ONCE);
    expect([await temporary(), world.paths]).toEqual([[], []]);
  });

  test.each([
    TxnStatus.TXN_STATUS_PREPARED,
    TxnStatus.TXN_STATUS_PRECOMMITTED,
    TxnStatus.TXN_STATUS_COMMITTED,
    TxnStatus.TXN_STATUS_VISIBLE,
  ])('stay while it is in state %i, however old they are', async (status) => {
    await setStatus(await begun(), status);
    world.now += 365 * DAY;
    const { progress } = await world.sweep(recycleTmpRowsets, AT_ONCE);
    expect(progress.numbers).toMatchObject({ scanned: 2, found: 0, failed: 0 });
    expect(await temporary()).toHaveLength(2);
    expect(world.paths).toHaveLength(2);
  });

  test('of a part of it stay as long as the part is known', async () => {
    const txnId = await world.begin(one.tableId);
    const part = await world.must(rpc.begin_sub_txn, {
      ...{ txnId, subTxnNum: 0n, dbId: 1n, tableIds: [one.tableId], label: 'part' },
    });
    await world.write(world.rowset(part.subTxnId, one));
    world.now += 365 * DAY;
    await world.sweep(recycleTmpRowsets, AT_ONCE);
    expect(await temporary()).toHaveLength(1);
  });

  test('that is on its way stay, and become visible', async () => {
    const txnId = await begun(10n ** 12n);
    const settings = { enable_cloud_txn_lazy_commit: true, txn_lazy_commit_rowsets_thresold: 1 };
    await decideLazily(world.domain, txnId, settings);
    world.now += 365 * DAY;
    await world.sweep([recycleTmpRowsets, recycleRowsets], AT_ONCE);
    await world.domain.services.lazyCommits.finish(INSTANCE, txnId);
    expect(world.paths).toHaveLength(2);
    expect(await temporary()).toEqual([]);
  });

  test('that its recycling has taken can not be committed any more', async () => {
    const txnId = await begun();
    await setStatus(txnId, TxnStatus.TXN_STATUS_ABORTED);
    const { progress } = await world.sweep(recycleTmpRowsets, { ...AT_ONCE, stores: {} });
    expect(progress.numbers).toMatchObject({ found: 2, failed: 2, deleted: 0 });
    expect(await temporary()).toEqual([]);
    expect(world.paths).toHaveLength(2);
    const rowset = world.rowset(txnId, one);
    expect(await world.status(rpc.commit_rowset, { rowsetMeta: rowset })).toMatch('STALE_PREPARE_ROWSET');
    expect(await world.status(rpc.update_tmp_rowset, { rowsetMeta: rowset })).toMatch('ROWSET_META_NOT_FOUND');
    await world.sweep(recycleRowsets, AT_ONCE);
    expect(world.paths).toEqual([]);
  });

  test('are left to the recycler with all that is known of them', async () => {
    const txnId = await begun();
    await world.abort(txnId);
    await world.sweep(recycleTmpRowsets, { ...AT_ONCE, stores: {} });
    const fields = { instance_id: INSTANCE, tablet_id: one.tabletId, rowset_id: `r${txnId}` };
    const record = await world.domain.store.transact((txn) => readRecord(txn, keys.recycleRowset, fields));
    expect(record).toMatchObject({ type: Type.DROP, creationTime: BigInt(world.now + HOUR), rowsetMeta: { txnId } });
  });
});

describe('rowsets of jobs', () => {
  test('stay until their job has expired', async () => {
    await world.write(world.rowset(77n, one));
    world.now += HOUR;
    await world.sweep(recycleTmpRowsets, AT_ONCE);
    expect(await temporary()).toHaveLength(1);
    world.now += 1;
    await world.sweep(recycleTmpRowsets, AT_ONCE);
    expect([await temporary(), world.paths]).toEqual([[], []]);
  });

  test('that became visible lose only what was written of them twice', async () => {
    await world.load([one]);
    await world.compact(one, 2n, 2n, { rowsetIdV2: 'output' });
    await world.must(rpc.commit_rowset, { rowsetMeta: world.rowset(78n, one, { rowsetIdV2: 'output' }) });
    expect(await temporary()).toHaveLength(1);
    world.now += DAY;
    const { progress } = await world.sweep(recycleTmpRowsets, AT_ONCE);
    expect(progress.numbers).toMatchObject({ deleted: 1, objects: 0, failed: 0 });
    expect(await temporary()).toEqual([]);
    expect(world.paths).toContain(`data/${one.tabletId}/output_0.dat`);
  });

  test('that became visible and were replaced since are kept for as long as such are', async () => {
    await world.load([one]);
    await world.compact(one, 2n, 2n, { rowsetIdV2: 'output' });
    await world.must(rpc.commit_rowset, { rowsetMeta: world.rowset(78n, one, { rowsetIdV2: 'output' }) });
    world.now += 30 * DAY;
    await world.compact(one, 2n, 2n, { rowsetIdV2: 'newer' });
    const { progress } = await world.sweep(recycleTmpRowsets);
    expect(progress.numbers).toMatchObject({ deleted: 1, objects: 0, failed: 0 });
    expect(await temporary()).toEqual([]);
    expect(world.paths).toContain(`data/${one.tabletId}/output_0.dat`);
    world.now += 3 * HOUR;
    await world.sweep(recycleRowsets);
    expect(world.paths).toEqual([`data/${one.tabletId}/newer_0.dat`]);
  });

  test('that a schema change may still put in their places stay', async () => {
    const [shadow] = tabletsOf(1n, 1, { indexId: 99n, tabletId: 9000n });
    await world.createIndex([shadow], { tabletState: 0 });
    const schemaChange = { id: 's', initiator: 'be', expiration: 4_102_444_800n, newTabletIdx: { tabletId: 9000n } };
    await world.must(rpc.start_tablet_job, { job: { idx: { tabletId: one.tabletId }, schemaChange } });
    await world.write(world.rowset(77n, shadow));
    world.now += 365 * DAY;
    await world.sweep(recycleTmpRowsets, AT_ONCE);
    expect(await temporary()).toHaveLength(1);
  });

  // That of a tablet without loads stays recorded for ever.
  test('go though a schema change is recorded, once the tablet that it has made runs', async () => {
    const [shadow] = tabletsOf(1n, 1, { indexId: 99n, tabletId: 9000n });
    await world.createIndex([shadow], { tabletState: TabletState.PB_NOTREADY });
    const schemaChange = { id: 's', initiator: 'be', expiration: 4_102_444_800n, newTabletIdx: { tabletId: 9000n } };
    const job = { idx: { tabletId: one.tabletId }, schemaChange: { ...schemaChange, alterVersion: 1n } };
    await world.must(rpc.start_tablet_job, { job });
    await world.must(rpc.finish_tablet_job, { action: Action.COMMIT, job });
    await world.write(world.rowset(77n, shadow));
    await world.write(world.rowset(78n, one));
    world.now += 365 * DAY;
    await world.sweep(recycleTmpRowsets, AT_ONCE);
    expect([await temporary(), world.paths]).toEqual([[], []]);
  });
});

test('a rowset without an id stays', async () => {
  await world.domain.store.transact(async (txn) => {
    // rowset_id = 0, creation_time = 1.
    const key = keys.metaRowsetTmp.encode({ instance_id: INSTANCE, txn_id: 5n, tablet_id: 6n });
    txn.set(key, Buffer.from([0x08, 0, 0xa0, 1, 1]));
  });
  const { progress } = await world.sweep(recycleTmpRowsets);
  expect(progress.numbers).toMatchObject({ scanned: 1, found: 0, failed: 1 });
  expect(await temporary()).toHaveLength(1);
});

import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import {
  BASE,
  CALLER,
  type CompactionInit,
  compactionOf,
  FAR,
  fieldsOf,
  JobWorld,
  NOW,
  outputOf,
} from '../../../test/support/jobs.ts';
import { PLACE } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { removeRecord, writeRecord } from '../../records/message-record.ts';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as CompactionType,
} from '../../schema/gen/cloud/job_pb.ts';
import { RecyclePartitionPB_State, RecyclePartitionPBSchema } from '../../schema/gen/cloud/partition_pb.ts';

const { BASE: BASE_KIND, CUMULATIVE, EMPTY_CUMULATIVE, FULL, STOP_TOKEN } = CompactionType;
let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.open();
});
afterEach(() => world.domain.dispose());

async function started(more?: CompactionInit): Promise<void> {
  expect((await world.startCompaction(more)).status).toMatchObject({ code: 0, msg: '' });
}

function refused(more: CompactionInit, expected: string | RegExp) {
  return world.refused(() => world.startCompaction(more), expected);
}

/** A compaction without some of its fields. */
function without(...fields: (keyof CompactionInit)[]) {
  const compaction = compactionOf({});
  for (const field of fields) delete compaction[field];
  return world.domain.call(rpc.start_tablet_job, {
    ...CALLER,
    job: { idx: { tabletId: BASE }, compaction: [compaction] },
  });
}

describe('a request', () => {
  test.each([
    ['no job', {}],
    ['an empty job', { job: {} }],
    ['a job of nothing', { job: { idx: { tabletId: BASE } } }],
  ])('with %s', async (_, request) => {
    const call = () => world.domain.call(rpc.start_tablet_job, { ...CALLER, ...request });
    await world.refused(call, 'INVALID_ARGUMENT no valid job specified');
  });

  test.each([
    ['no index', {}],
    ['no tablet', { idx: {} }],
    ['tablet 0', { idx: { tabletId: 0n } }],
    ['a negative tablet', { idx: { tabletId: -1n } }],
  ])('with %s', async (_, job) => {
    const request = { ...CALLER, job: { ...job, compaction: [compactionOf({})] } };
    const call = () => world.domain.call(rpc.start_tablet_job, request);
    await world.refused(call, 'INVALID_ARGUMENT no valid tablet_id given');
  });

  test.each(['', '1:nobody:be'])('from the caller "%s"', async (cloudUniqueId) => {
    const named = cloudUniqueId === '' ? '\\(empty\\)' : cloudUniqueId;
    const call = () => world.domain.call(rpc.start_tablet_job, { cloudUniqueId });
    await world.refused(call, new RegExp(`^INVALID_ARGUMENT cannot find instance_id with cloud_unique_id=${named}$`));
  });

  test.each([
    ['id', 'no job id specified'],
    ['baseCompactionCnt', 'no valid compaction_cnt given'],
    ['cumulativeCompactionCnt', 'no valid compaction_cnt given'],
    ['expiration', 'no valid expiration given'],
    ['lease', 'no valid lease given'],
  ] as const)('without %s', async (field, message) => {
    await world.refused(() => without(field), `INVALID_ARGUMENT ${message}`);
  });

  test('that lacks several is told of them in order', async () => {
    await world.refused(() => without('id', 'baseCompactionCnt', 'expiration', 'lease'), /no job id/);
    await world.refused(() => without('baseCompactionCnt', 'expiration', 'lease'), /no valid compaction_cnt/);
    await world.refused(() => without('expiration', 'lease'), /no valid expiration/);
  });

  test.each([0n, -1n])('with an expiration or a lease of %i', async (time) => {
    await refused({ expiration: time }, 'INVALID_ARGUMENT no valid expiration given');
    await refused({ lease: time }, 'INVALID_ARGUMENT no valid lease given');
    await refused({ type: EMPTY_CUMULATIVE, expiration: time, lease: time }, 'INVALID_ARGUMENT no valid lease given');
    await started({ type: EMPTY_CUMULATIVE, expiration: time });
  });

  test('for several compactions is for the first', async () => {
    const compaction = [compactionOf({ id: 'a' }), compactionOf({ id: 'b', type: BASE_KIND })];
    const job = { idx: { tabletId: BASE }, compaction, schemaChange: { id: 's' } };
    expect(await world.domain.status(rpc.start_tablet_job, { ...CALLER, job })).toBe('OK');
    expect(await world.running()).toEqual(['a']);
    expect((await world.recorded())?.schemaChange).toBeUndefined();
  });
});

describe('a tablet', () => {
  test('that is not there', async () => {
    const unknown = () => world.startCompaction({}, 99n);
    await world.refused(unknown, /^TABLET_NOT_FOUND failed to get tablet_idx, err=KeyNotFound tablet_id=99 key=/);
    const idx = { ...PLACE, tabletId: 99n };
    const named = () =>
      world.domain.call(rpc.start_tablet_job, { ...CALLER, job: { idx, compaction: [compactionOf({})] } });
    await world.refused(named, /^TABLET_NOT_FOUND not found when get tablet stats, tablet_id=99 key=/);
  });

  test('that was dropped, but not one that is being created', async () => {
    const { instance_id, partition_id } = fieldsOf(BASE);
    const mark = (state: RecyclePartitionPB_State) =>
      world.domain.store.transact(async (txn) => {
        const record = create(RecyclePartitionPBSchema, { state });
        writeRecord(txn, keys.recyclePartition, { instance_id, partition_id }, record);
      });
    await mark(RecyclePartitionPB_State.PREPARED);
    await started();
    await mark(RecyclePartitionPB_State.DROPPED);
    await refused({ id: 'd' }, 'TABLET_NOT_FOUND tablet 1 has been dropped');
    await world.refused(() => world.finishCompaction(Action.ABORT), 'TABLET_NOT_FOUND tablet 1 has been dropped');
  });

  test('is recorded as it is stored, or as the request gives it in full', async () => {
    await started();
    expect((await world.recorded())?.idx).toMatchObject({ dbId: 1n, ...PLACE, tabletId: BASE });
    const second = { idx: { ...PLACE, tabletId: BASE }, compaction: [compactionOf({ id: 'b', type: BASE_KIND })] };
    expect(await world.domain.status(rpc.start_tablet_job, { ...CALLER, job: second })).toBe('OK');
    expect((await world.recorded())?.idx?.dbId).toBe(1n);
    await world.domain.store.transact(async (txn) => removeRecord(txn, keys.jobTablet, fieldsOf(BASE)));
    const idx = { ...PLACE, tabletId: BASE };
    const job = { idx, compaction: [compactionOf({})] };
    expect(await world.domain.status(rpc.start_tablet_job, { ...CALLER, job })).toBe('OK');
    expect(Object.hasOwn((await world.recorded())?.idx ?? {}, 'dbId')).toBe(false);
  });
});

describe('the cache of a node', () => {
  beforeEach(async () => {
    await world.load(2n);
    await world.write(77n);
    await started();
    expect((await world.finishCompaction(Action.COMMIT, outputOf(2n, 2n, 77n))).status.code).toBe(0);
  });

  test('must not be behind', async () => {
    const counts = 'req_base_compaction_cnt=0, base_compaction_cnt=0, req_cumulative_compaction_cnt=0';
    const message = `could not perform compaction on expired tablet cache. ${counts}, cumulative_compaction_cnt=1`;
    await refused({}, `STALE_TABLET_CACHE ${message}`);
    await refused({ type: EMPTY_CUMULATIVE, baseCompactionCnt: 9n }, /^STALE_TABLET_CACHE /);
  });

  test('may be ahead', async () => {
    await started({ baseCompactionCnt: 9n, cumulativeCompactionCnt: 9n });
  });

  test('does not matter for a stop token', async () => {
    await started({ type: STOP_TOKEN });
  });
});

describe('beside others', () => {
  test('one kind of each runs', async () => {
    await started({ id: 'c' });
    await started({ id: 'b', type: BASE_KIND });
    await started({ id: 'e', type: EMPTY_CUMULATIVE });
    expect(await world.running()).toEqual(['c', 'b', 'e']);
    const quoted = `{"initiator":"127.0.0.1:8060","type":"BASE","base_compaction_cnt":"0","cumulative_compaction_cnt":"0","id":"b","expiration":"${FAR}","lease":"${FAR}"}`;
    const message = `JOB_TABLET_BUSY compaction has already started, tablet_id=1 job=${quoted}`;
    expect(await refused({ id: 'b2', type: BASE_KIND }, message)).toMatchObject({ versionInCompaction: [] });
  });

  test('the same one again changes nothing', async () => {
    await started();
    const before = await world.domain.version();
    await started({ lease: FAR + 5n });
    expect(await world.domain.version()).toBe(before);
    expect((await world.recorded())?.compaction[0]?.lease).toBe(FAR);
  });

  test('a full one clears all, other full ones too', async () => {
    await started({ id: 'c' });
    await started({ id: 'b', type: BASE_KIND });
    await started({ id: 'f', type: FULL });
    expect(await world.running()).toEqual(['f']);
    await refused({ id: 'c2' }, /^JOB_TABLET_BUSY compaction has already started, .*"id":"f"/);
    await started({ id: 'f2', type: FULL });
    expect(await world.running()).toEqual(['f2']);
  });

  test('a full one with versions leaves room for others', async () => {
    await started({ id: 'f', type: FULL, inputVersions: [1n, 20n] });
    const busy = await refused({ id: 'c', inputVersions: [18n, 22n] }, /^JOB_TABLET_BUSY /);
    expect(busy).toMatchObject({ versionInCompaction: [1n, 20n] });
    await started({ id: 'c', inputVersions: [21n, 26n] });
  });

  test('a stop token clears all, and nothing starts until it goes', async () => {
    await started({ id: 'c' });
    await started({ id: 't', type: STOP_TOKEN, deleteBitmapLockInitiator: 12n });
    expect(await world.running()).toEqual(['t']);
    const blocked = 'blocked by schema change job delete_bitmap_initiator=12';
    const message = `JOB_TABLET_BUSY compactions are not allowed on tablet_id=1 currently, ${blocked}`;
    for (const type of [CUMULATIVE, EMPTY_CUMULATIVE, FULL, STOP_TOKEN]) await refused({ id: 'x', type }, message);
    await started({ id: 't', type: STOP_TOKEN, deleteBitmapLockInitiator: 12n });
    expect((await world.finishCompaction(Action.ABORT, { id: 't' })).status.code).toBe(0);
    await started({ id: 'c' });
  });

  test('compactions of one kind run where their versions do not meet', async () => {
    await started({ id: 'r1', inputVersions: [2n, 4n] });
    await started({ id: 'r2', inputVersions: [5n, 7n] });
    const busy = await refused({ id: 'r3', inputVersions: [7n, 9n] }, /^JOB_TABLET_BUSY .*"id":"r2"/);
    expect(busy).toMatchObject({ versionInCompaction: [2n, 4n, 5n, 7n] });
    expect(await refused({ id: 'r4' }, /^JOB_TABLET_BUSY .*"id":"r1"/)).toMatchObject({ versionInCompaction: [] });
    await started({ id: 'r1', inputVersions: [8n, 9n] });
    expect(await world.running()).toEqual(['r1', 'r2', 'r1']);
    await world.finishCompaction(Action.ABORT, { id: 'r1' });
    expect((await world.recorded())?.compaction.map(({ inputVersions }) => inputVersions)).toEqual([
      [5n, 7n],
      [8n, 9n],
    ]);
  });
});

describe('an abandoned compaction', () => {
  test.each([
    ['expired', { expiration: NOW + 10n }],
    ['was not renewed', { lease: NOW + 10n }],
  ])('makes room once it %s', async (_, times) => {
    await started({ id: 'old', ...times });
    world.clock.passed = 10n;
    await refused({ id: 'new' }, /^JOB_TABLET_BUSY /);
    world.clock.passed = 11n;
    await started({ id: 'new', type: BASE_KIND });
    expect(await world.running()).toEqual(['new']);
  });

  test('can be started again under its id', async () => {
    await started({ lease: NOW + 10n });
    world.clock.passed = 11n;
    await started();
    expect((await world.recorded())?.compaction).toMatchObject([{ id: 'c', lease: FAR }]);
  });
});

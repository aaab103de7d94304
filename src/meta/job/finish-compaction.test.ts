import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { BASE, CALLER, type CompactionInit, compactionOf, FAR, JobWorld, NOW } from '../../../test/support/jobs.ts';
import { PLACE } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { DeleteBitmapUpdateLockPBSchema } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as CompactionType,
} from '../../schema/gen/cloud/job_pb.ts';
import { COMPACTION_LOCK_ID, readUpdateLock, updateLockFields } from '../delete-bitmap/update-lock.ts';

const ACTIONS = [Action.COMMIT, Action.ABORT, Action.LEASE];
let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.open();
});
afterEach(() => world.domain.dispose());

async function started(more?: CompactionInit): Promise<void> {
  expect((await world.startCompaction(more)).status.code).toBe(0);
}

async function finished(action: Action, more?: CompactionInit): Promise<void> {
  expect((await world.finishCompaction(action, more)).status).toMatchObject({ code: 0, msg: '' });
}

function refused(action: Action | undefined, more: CompactionInit, expected: string | RegExp) {
  return world.refused(() => world.finishCompaction(action, more), expected);
}

describe('a compaction that does not run', () => {
  test('since its tablet never had a job', async () => {
    const job = `job={"idx":{"tablet_id":"1"},"compaction":[{"initiator"`;
    const answer = await refused(Action.COMMIT, {}, /^INVALID_ARGUMENT job not found, instance_id=i tablet_id=1 job=/);
    expect(answer.status.msg).toContain(job);
    expect(answer.status.msg).toMatch(/ err=KeyNotFound$/);
  });

  test('since all are over', async () => {
    await started();
    await finished(Action.ABORT);
    for (const action of ACTIONS) {
      await refused(action, {}, 'INVALID_ARGUMENT there is no running compaction, tablet_id=1');
    }
  });

  test('since others do', async () => {
    await started({ id: 'other' });
    for (const action of ACTIONS) {
      await refused(
        action,
        {},
        /^INVALID_ARGUMENT unmatched job id, recorded_job=\{"idx".*"id":"other".* given_job=\{/,
      );
    }
    await refused(Action.ABORT, { id: '' }, /^INVALID_ARGUMENT unmatched job id, /);
  });
});

describe('a request', () => {
  test.each([{}, { job: {} }, { job: { idx: { tabletId: BASE } } }])('without a job: %o', async (request) => {
    const call = () => world.domain.call(rpc.finish_tablet_job, { ...CALLER, action: Action.ABORT, ...request });
    await world.refused(call, 'INVALID_ARGUMENT no valid job specified');
  });

  test('without a tablet, or for one that is not there', async () => {
    await world.refused(() => world.finishCompaction(Action.ABORT, {}, 0n), /no valid tablet_id given$/);
    await world.refused(
      () => world.finishCompaction(Action.ABORT, {}, 99n),
      /^TABLET_NOT_FOUND failed to get tablet_idx/,
    );
  });

  test('from nobody', async () => {
    const call = () => world.domain.call(rpc.finish_tablet_job, { cloudUniqueId: '1:nobody:be' });
    await world.refused(call, /^INVALID_ARGUMENT cannot find instance_id with cloud_unique_id=1:nobody:be$/);
  });

  test.each([undefined, Action.UNKONWN])('with the action %s', async (action) => {
    await started();
    await refused(action, {}, 'INVALID_ARGUMENT unsupported action, tablet_id=1 action=0');
  });
});

describe('time', () => {
  test.each(ACTIONS)('does nothing with an expired compaction, whatever is asked (%i)', async (action) => {
    await started({ expiration: NOW + 10n });
    world.clock.passed = 11n;
    await refused(action, {}, /^JOB_EXPIRED expired compaction job, tablet_id=1 job=\{.*"id":"c"/);
    expect(await world.running()).toEqual(['c']);
  });

  test('does not expire a compaction in the second of its expiration, nor one without expiration', async () => {
    await started({ expiration: NOW + 10n });
    await started({ id: 'e', type: CompactionType.EMPTY_CUMULATIVE, expiration: 0n });
    world.clock.passed = 10n;
    await finished(Action.ABORT);
    world.clock.passed = 1_000_000n;
    await finished(Action.ABORT, { id: 'e' });
  });

  test('that a lease has run out is forgiven', async () => {
    await started({ lease: NOW + 10n });
    world.clock.passed = 11n;
    await finished(Action.LEASE, { lease: NOW + 20n });
    world.clock.passed = 21n;
    await finished(Action.ABORT);
  });
});

describe('a lease', () => {
  beforeEach(() => started({ lease: FAR }));

  test('may be prolonged or stay', async () => {
    await finished(Action.LEASE, { lease: FAR + 10n, expiration: 1n, initiator: 'other' });
    await finished(Action.LEASE, { lease: FAR + 10n });
    const recorded = { lease: FAR + 10n, expiration: FAR, initiator: '127.0.0.1:8060' };
    expect((await world.recorded())?.compaction).toMatchObject([recorded]);
  });

  test.each([FAR - 1n, 0n, -1n])('must not shrink to %i', async (lease) => {
    const message = `INVALID_ARGUMENT invalid lease. recoreded_lease=${FAR} req_lease=${lease}`;
    await refused(Action.LEASE, { lease }, message);
  });
});

describe('an abort', () => {
  const lockShared = (...initiators: bigint[]) => locked(COMPACTION_LOCK_ID, initiators);
  const locked = (lockId: bigint, initiators: bigint[]) =>
    world.domain.store.transact(async (txn) => {
      const lock = create(DeleteBitmapUpdateLockPBSchema, { lockId, initiators });
      writeRecord(txn, keys.metaDeleteBitmapUpdateLock, updateLockFields('i', PLACE.tableId), lock);
    });
  const holders = async () =>
    (await world.domain.store.transact((txn) => readUpdateLock(txn, 'i', PLACE.tableId)))?.initiators;

  test('leaves the other compactions alone', async () => {
    await started({ id: 'b', type: CompactionType.BASE });
    await started({ id: 'c' });
    await finished(Action.ABORT, { id: 'b' });
    expect(await world.running()).toEqual(['c']);
  });

  test('gives a share in the lock on delete bitmaps back', async () => {
    await lockShared(500n, 501n);
    await started();
    await finished(Action.ABORT, { deleteBitmapLockInitiator: 500n });
    expect(await holders()).toEqual([501n]);
    await started();
    await finished(Action.ABORT, { deleteBitmapLockInitiator: 501n });
    expect(await holders()).toBeUndefined();
  });

  test('does not mind when there is nothing to give back', async () => {
    await started();
    await finished(Action.ABORT, { deleteBitmapLockInitiator: 500n });
    await lockShared(501n);
    await started();
    await finished(Action.ABORT, { deleteBitmapLockInitiator: 500n });
    expect(await holders()).toEqual([501n]);
  });

  test('leaves the lock of a load alone', async () => {
    await locked(999n, [500n]);
    await started();
    await finished(Action.ABORT, { deleteBitmapLockInitiator: 500n });
    expect(await holders()).toEqual([500n]);
  });
});

test('of several compactions in one request, the first counts', async () => {
  await started({ id: 'b', type: CompactionType.BASE });
  await started({ id: 'c' });
  const job = { idx: { tabletId: BASE }, compaction: [compactionOf({ id: 'c' }), compactionOf({ id: 'b' })] };
  expect(await world.domain.status(rpc.finish_tablet_job, { ...CALLER, action: Action.ABORT, job })).toBe('OK');
  expect(await world.running()).toEqual(['b']);
});

import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BASE, fieldsOf, JobWorld, NEW, NOW, OTHER_NEW } from '../../../test/support/jobs.ts';
import { PLACE, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as CompactionType,
} from '../../schema/gen/cloud/job_pb.ts';
import { TabletMetaCloudPBSchema, TabletStatePB as TabletState } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';

const { COMMIT, ABORT, LEASE, UNKONWN } = Action;
let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.open();
});
afterEach(() => world.domain.dispose());

/** The new tablet with another state, or none. */
function inState(tabletState?: TabletState): Promise<void> {
  return world.domain.store.transact(async (txn) => {
    const { rsMetas: _, ...meta } = tabletOf(NEW, tabletState === undefined ? {} : { tabletState });
    writeRecord(txn, keys.metaTablet, fieldsOf(NEW), create(TabletMetaCloudPBSchema, meta));
  });
}

function metaOf(tabletId: bigint) {
  return world.domain.store.transact((txn) => readRecord(txn, keys.metaTablet, fieldsOf(tabletId)));
}

describe('while an alter version is recorded', () => {
  const { BASE: BASE_KIND, CUMULATIVE, FULL } = CompactionType;

  test.each([BASE, NEW])('no compaction of tablet %i starts across it', async (tabletId) => {
    await world.mustStartChange({ alterVersion: 4n });
    const across = { id: 'x', inputVersions: [3n, 6n] };
    const busy = await world.refused(() => world.startCompaction(across, tabletId), /^JOB_CHECK_ALTER_VERSION Check /);
    expect(busy).toMatchObject({ alterVersion: 4n });
    const full = { type: FULL, inputVersions: [2n, 4n] };
    await world.refused(() => world.startCompaction(full, tabletId), /^JOB_CHECK_ALTER_VERSION Check /);
    await world.refused(() => world.startCompaction({}, tabletId), /^JOB_CHECK_ALTER_VERSION The compaction need to /);
    const base = { id: 'b', type: BASE_KIND, inputVersions: [2n, 4n] };
    expect((await world.startCompaction(base, tabletId)).status.code).toBe(0);
    const above = { id: 'c', type: CUMULATIVE, inputVersions: [5n, 6n] };
    expect((await world.startCompaction(above, tabletId)).status.code).toBe(0);
  });

  test('a stale cache is told of first', async () => {
    await world.mustStartChange({ alterVersion: 4n });
    await world.refused(() => world.startCompaction({ cumulativeCompactionCnt: -1n }), /^STALE_TABLET_CACHE /);
  });

  test('a compaction that was started before can not be committed across it, and goes on', async () => {
    await world.startCompaction();
    await world.mustStartChange({ alterVersion: 4n });
    const commit = () => world.finishCompaction(COMMIT, { inputVersions: [3n, 6n] });
    const answer = await world.refused(commit, /^JOB_CHECK_ALTER_VERSION /);
    expect(answer).toMatchObject({ alterVersion: 4n });
    expect(answer.stats).toBeUndefined();
    expect(await world.running()).toEqual(['c']);
    expect((await world.finishCompaction(ABORT)).status.code).toBe(0);
  });

  test('a compaction that is committed is told of it', async () => {
    for (const version of [5n, 6n]) await world.load(version);
    await world.write(77n);
    await world.mustStartChange({ alterVersion: 4n });
    const output = { inputVersions: [5n, 6n], outputVersions: [6n], outputRowsetIds: ['o'], txnId: [77n] };
    expect((await world.startCompaction({ inputVersions: [5n, 6n] })).status.code).toBe(0);
    expect(await world.finishCompaction(COMMIT, output)).toMatchObject({ alterVersion: 4n, status: { code: 0 } });
  });
});

describe('what is finished', () => {
  test('must name a new tablet, before anything else', async () => {
    await world.finishChangeRefused(
      COMMIT,
      {},
      /^INVALID_ARGUMENT job not found, instance_id=i tablet_id=1 job=\{"idx"/,
    );
    await world.mustStartChange();
    await world.finishChangeRefused(COMMIT, { newTabletIdx: {} }, 'INVALID_ARGUMENT no valid new_tablet_id given');
    const same = 'INVALID_ARGUMENT not allow new_tablet_id same with base_tablet_id';
    await world.finishChangeRefused(ABORT, { newTabletIdx: { tabletId: BASE } }, same);
    await world.finishChangeRefused(
      ABORT,
      { newTabletIdx: { tabletId: 99n } },
      /^TABLET_NOT_FOUND failed to get tablet_idx/,
    );
  });

  test('must run', async () => {
    await world.startCompaction();
    await world.finishChangeRefused(COMMIT, {}, 'INVALID_ARGUMENT there is no running schema_change, tablet_id=1');
  });

  test.each([COMMIT, ABORT, LEASE])('must not have expired, whatever is asked (%i)', async (action) => {
    await world.mustStartChange({ expiration: NOW + 10n });
    world.clock.passed = 11n;
    await world.finishChangeRefused(
      action,
      { id: 'x' },
      /^JOB_EXPIRED expired schema_change job, tablet_id=1 job=\{.*"id":"s"/,
    );
  });

  test.each([{ id: 'x' }, { initiator: 'x' }])('must be the change that runs, on its node: %o', async (other) => {
    await world.mustStartChange();
    const ids = `recorded_id=s given_id=${other.id ?? 's'} recorded_job=\\{"initiator".* given_job=\\{"initiator"`;
    await world.finishChangeRefused(
      ABORT,
      other,
      new RegExp(`^INVALID_ARGUMENT unmatched job id or initiator, ${ids}`),
    );
  });

  test.each([LEASE, UNKONWN])('has no action %i', async (action) => {
    await world.mustStartChange();
    await world.finishChangeRefused(action, {}, `INVALID_ARGUMENT unsupported action, tablet_id=1 action=${action}`);
  });

  test('is over already where the new tablet runs, whether a change runs or not', async () => {
    await world.startCompaction();
    await inState(TabletState.PB_RUNNING);
    await world.finishChangeRefused(COMMIT, {}, 'JOB_ALREADY_SUCCESS schema_change job already success');
    await inState(TabletState.PB_TOMBSTONED);
    await world.finishChangeRefused(COMMIT, {}, 'INVALID_ARGUMENT invalid new tablet state');
  });
});

describe('an abort', () => {
  test('takes the change off both tablets, and leaves their compactions', async () => {
    await world.mustStartChange();
    await world.startCompaction({ id: 'c' });
    await world.startCompaction({ id: 'n' }, NEW);
    expect(isSet(await world.mustFinishChange(ABORT), 'stats')).toBe(false);
    for (const tabletId of [BASE, NEW]) {
      expect((await world.recorded(tabletId))?.schemaChange).toBeUndefined();
      expect(await world.running(tabletId)).toEqual([tabletId === BASE ? 'c' : 'n']);
    }
    expect((await metaOf(NEW))?.tabletState).toBe(TabletState.PB_NOTREADY);
  });

  test('that names another new tablet does nothing', async () => {
    await world.mustStartChange();
    const before = await world.domain.version();
    await world.mustFinishChange(ABORT, { newTabletIdx: { tabletId: OTHER_NEW } });
    expect(await world.domain.version()).toBe(before);
    const elsewhere = { ...fieldsOf(NEW), index_id: 99n };
    const meta = create(TabletMetaCloudPBSchema, { tabletId: NEW, tabletState: TabletState.PB_NOTREADY });
    await world.domain.store.transact(async (txn) => writeRecord(txn, keys.metaTablet, elsewhere, meta));
    await world.mustFinishChange(ABORT, { newTabletIdx: { ...PLACE, indexId: 99n, tabletId: NEW } });
    expect((await world.recorded())?.schemaChange?.id).toBe('s');
  });

  test('leaves the change of another base tablet alone', async () => {
    await world.create(5n);
    await world.mustStartChange();
    await world.startChange({ id: 'of 5' }, 5n);
    await world.mustFinishChange(ABORT);
    expect((await world.recorded())?.schemaChange).toBeUndefined();
    expect((await world.recorded(NEW))?.schemaChange?.id).toBe('of 5');
  });
});

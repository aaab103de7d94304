import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import {
  BASE,
  CALLER,
  type ChangeInit,
  changeOf,
  FAR,
  fieldsOf,
  JobWorld,
  NEW,
  OTHER_NEW,
} from '../../../test/support/jobs.ts';
import { PLACE, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { TabletMetaCloudPBSchema, TabletStatePB as TabletState } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';

let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.open();
});
afterEach(() => world.domain.dispose());

async function started(more?: ChangeInit) {
  const answer = await world.startChange(more);
  expect(answer.status).toMatchObject({ code: 0, msg: '' });
  return answer;
}

const startRefused = (more: ChangeInit, expected: string | RegExp) =>
  world.refused(() => world.startChange(more), expected);
/** The new tablet with another state, or none. */
function inState(tabletState?: TabletState): Promise<void> {
  return world.domain.store.transact(async (txn) => {
    const { rsMetas: _, ...meta } = tabletOf(NEW, tabletState === undefined ? {} : { tabletState });
    writeRecord(txn, keys.metaTablet, fieldsOf(NEW), create(TabletMetaCloudPBSchema, meta));
  });
}

describe('the start', () => {
  test.each<[ChangeInit, string | RegExp]>([
    [{ id: '' }, 'INVALID_ARGUMENT no job id specified'],
    [{ newTabletIdx: {} }, 'INVALID_ARGUMENT no valid new_tablet_id given'],
    [{ newTabletIdx: { tabletId: 0n } }, 'INVALID_ARGUMENT no valid new_tablet_id given'],
    [{ newTabletIdx: { tabletId: -5n } }, 'INVALID_ARGUMENT no valid new_tablet_id given'],
    [{ newTabletIdx: { tabletId: BASE } }, 'INVALID_ARGUMENT not allow new_tablet_id same with base_tablet_id'],
    [{ newTabletIdx: { tabletId: 99n } }, /^TABLET_NOT_FOUND failed to get tablet_idx, err=KeyNotFound tablet_id=99 /],
    [
      { newTabletIdx: { ...PLACE, tabletId: 99n } },
      /^TABLET_NOT_FOUND failed to get new tablet meta \(not found\) instance_id=i tablet_id=99 key=[0-9a-f]+ err=/,
    ],
  ])('wants %o otherwise', async (wrong, expected) => {
    await startRefused(wrong, expected);
  });

  test('wants an id, an initiator and a new tablet, in this order', async () => {
    const start = (schemaChange: ChangeInit) =>
      world.domain.call(rpc.start_tablet_job, { ...CALLER, job: { idx: { tabletId: BASE }, schemaChange } });
    await world.refused(() => start({}), 'INVALID_ARGUMENT no job id specified');
    await world.refused(() => start({ id: 's' }), 'INVALID_ARGUMENT no initiator specified');
    await world.refused(() => start({ id: 's', initiator: '' }), 'INVALID_ARGUMENT no valid new_tablet_id given');
    const newTabletIdx = { tabletId: NEW };
    expect((await start({ id: 's', initiator: '', newTabletIdx })).status.code).toBe(0);
  });

  test.each([
    [TabletState.PB_RUNNING, 'JOB_ALREADY_SUCCESS schema_change job already success'],
    [TabletState.PB_TOMBSTONED, 'INVALID_ARGUMENT invalid new tablet state'],
    [undefined, 'INVALID_ARGUMENT invalid new tablet state'],
  ])('wants a new tablet that is not ready, not one in state %s', async (state, expected) => {
    await inState(state);
    await startRefused({}, expected);
  });

  test('records the change at both tablets, in place of the jobs of the new one', async () => {
    await world.startCompaction({ id: 'old' }, NEW);
    await world.startCompaction({ id: 'c' });
    expect(await started()).toMatchObject({ alterVersion: 0n });
    const newTabletIdx = { dbId: 1n, ...PLACE, tabletId: NEW };
    const idx = { dbId: 1n, ...PLACE, tabletId: BASE };
    for (const tabletId of [BASE, NEW]) {
      const recorded = await world.recorded(tabletId);
      expect(recorded).toMatchObject({ idx, schemaChange: { id: 's', newTabletIdx } });
      expect(isSet(recorded?.schemaChange, 'alterVersion')).toBe(false);
      expect(await world.running(tabletId)).toEqual(['c']);
    }
  });

  test('of another change, or of the same on another node, takes the place of the first', async () => {
    await started({ alterVersion: 4n });
    expect(await started({ id: 't' })).toMatchObject({ alterVersion: 0n });
    expect(
      await started({ id: 't', initiator: 'other', newTabletIdx: { tabletId: OTHER_NEW }, alterVersion: 3n }),
    ).toMatchObject({ alterVersion: 3n });
    const change = { id: 't', initiator: 'other', newTabletIdx: { tabletId: OTHER_NEW } };
    expect((await world.recorded())?.schemaChange).toMatchObject(change);
    expect((await world.recorded(NEW))?.schemaChange).toMatchObject({ id: 't', initiator: '127.0.0.1:8060' });
  });

  test('again goes on with the alter version, once there is one', async () => {
    await started();
    expect(await started({ alterVersion: 4n })).toMatchObject({ alterVersion: 4n });
    const before = await world.domain.version();
    expect(await started({ alterVersion: 9n, expiration: 1n })).toMatchObject({ alterVersion: 4n });
    expect(await world.domain.version()).toBe(before);
  });
});

test('the fields of a change are kept as they were sent', async () => {
  const request = changeOf({ alterVersion: 4n, isInvertedIndexChange: true, expiration: FAR });
  await started(request);
  expect((await world.recorded())?.schemaChange).toMatchObject({ isInvertedIndexChange: true, expiration: FAR });
});

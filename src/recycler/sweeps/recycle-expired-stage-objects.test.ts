import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStageWorld, type StageWorld } from '../../../test/support/recycler/stage-world.ts';
import { recycleExpiredStageObjects } from './recycle-expired-stage-objects.ts';

const settings = { internal_stage_objects_expire_time_second: 100 };

let world: StageWorld;
beforeEach(async () => {
  world = await openStageWorld();
  await world.createStage('jack', '1');
  await world.createStage('jill', '2');
  world.upload('old', 'file');
  world.upload('old', 'file', 'jill/2');
  world.upload('nobody', 'file', 'joe/3');
  world.bucket.put('pre/data/1/r_0.dat', Buffer.from('data'), world.now_ms());
  world.pass(50);
  world.upload('young', 'file');
  world.pass(50);
});
afterEach(() => world.domain.dispose());

test('takes what is older than it may be, of stages that are in use', async () => {
  expect((await world.sweep(recycleExpiredStageObjects, { settings })).progress.numbers).toMatchObject({ objects: 0 });
  world.pass(1);
  const { progress } = await world.sweep(recycleExpiredStageObjects, { settings });
  expect(progress.numbers).toMatchObject({ scanned: 2, failed: 0, objects: 2, bytes: 8 });
  expect(world.bucket.keys).toEqual(['pre/data/1/r_0.dat', 'pre/stage/joe/3/nobody', 'pre/stage/jack/1/young'].sort());
});

test('passes by a stage that lies nowhere, and plans the others in a dry run', async () => {
  await world.changeInstance(({ stages }) => {
    if (stages[0]?.objInfo) stages[0].objInfo.id = '9';
  });
  world.pass(1);
  const before = world.bucket.keys;
  const { progress, planned } = await world.sweep(recycleExpiredStageObjects, { settings, dry_run: true });
  expect(progress.numbers).toMatchObject({ failed: 1, objects: 0 });
  expect(planned).toEqual([{ what: expect.stringContaining('jill/2)/old'), why: expect.stringContaining('older') }]);
  expect(world.bucket.keys).toEqual(before);
});

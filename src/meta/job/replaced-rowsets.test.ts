import { afterEach, beforeEach, expect, test } from 'vitest';
import { BASE, JobWorld, outputOf } from '../../../test/support/jobs.ts';
import { FinishTabletJobRequest_Action as Action } from '../../schema/gen/cloud/job_pb.ts';

const TXN = 77n;
let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.open();
  for (const version of [2n, 3n, 4n]) await world.load(version);
});
afterEach(() => world.domain.dispose());

test('files that a job has written under the id of one of its inputs are kept from the recycler', async () => {
  expect((await world.startCompaction({})).status).toMatchObject({ code: 0 });
  await world.write(TXN, BASE, { rowsetIdV2: 'loaded 3' });
  expect((await world.finishCompaction(Action.COMMIT, outputOf(2n, 4n, TXN))).status).toMatchObject({ code: 0 });
  const recycled = (await world.recycled()).map(({ rowsetMeta }) => rowsetMeta?.rowsetIdV2);
  expect(recycled).toEqual(['loaded 2', 'loaded 4']);
});

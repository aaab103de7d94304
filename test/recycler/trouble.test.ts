import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TabletCompactionJobPB_CompactionType as Compaction } from '../../src/schema/gen/cloud/job_pb.ts';
import { S3_DOUBLE, S3Double } from '../support/objects/s3-double.ts';
import { doubledPlace, hdfsPlace } from '../support/recycler/places.ts';
import type { JobShown } from '../support/recycler/recycler-calls.ts';
import type { Story } from '../support/recycler/story.ts';
import { StoryWorld } from '../support/recycler/story-world.ts';
import { makeDir } from '../support/run-server.ts';

let double: S3Double;
let other: S3Double;
let world: StoryWorld;
beforeEach(async () => {
  [double, other] = await Promise.all([S3Double.start(), S3Double.start()]);
  world = new StoryWorld(doubledPlace(double), await makeDir());
});
afterEach(async () => {
  await world.dispose();
  await Promise.all([double.stop(), other.stop()]);
});

/** Leaves rowsets that were replaced, and a table that was dropped. */
async function tell(story: Story): Promise<void> {
  await story.createTables();
  const [first, dropped] = story.tables;
  if (!first || !dropped) throw new Error('a table is missing');
  for (const table of [first, first, dropped]) await story.load(table);
  await story.compact(first, 2n, 3n, Compaction.CUMULATIVE);
  await story.dropTable(dropped);
}

const failuresOf = (job: JobShown | undefined) => job?.round?.sweeps.flatMap(({ last_failure = [] }) => last_failure);

describe('a place that can not be used', () => {
  test.each<[string, (troubled: S3Double, works: boolean) => void, RegExp]>([
    [
      'since its keys are not taken',
      (troubled, works) => {
        troubled.takes_keys = works;
      },
      /vault 1 .*InvalidAccessKeyId \(403\)/,
    ],
    [
      'since its bucket is missing',
      (troubled, works) => {
        troubled.exists = works;
      },
      /vault 1 .*NoSuchBucket \(404\)/,
    ],
  ])('%s, is told, loses nothing and holds up no other instance', async (_, setWorks, expected) => {
    const troubled = await world.create('troubled');
    const fine = await world.create('fine', doubledPlace(other));
    await Promise.all([tell(troubled), tell(fine)]);
    const before = double.keys();
    setWorks(double, false);

    const job = await world.round('troubled');
    await world.recycle('fine');

    expect(job?.round?.state).toBe('failed');
    expect(failuresOf(job)?.length).toBeGreaterThan(0);
    for (const failure of failuresOf(job) ?? []) expect(failure).toMatch(expected);
    expect(double.keys()).toEqual(before);
    expect(other.keys()).toEqual(world.objectsOf('fine'));
    for (const text of [JSON.stringify(job), world.output()]) expect(text).not.toContain(S3_DOUBLE.sk);

    setWorks(double, true);
    await world.recycle('troubled');
    expect(double.keys()).toEqual(world.objectsOf('troubled'));
  });

  test('since its vault was removed, is told, and is recycled when the vault is there again', async () => {
    const place = await hdfsPlace();
    try {
      const story = await world.create('vaults', place, '2', '/second');
      const vault = { name: 'second', ...(place.instance('data-of-vaults/second') as { vault: object }).vault };
      const add = { cloud_unique_id: '1:vaults:fe', vault };
      await world.admin('add_hdfs_vault', add);
      await tell(story);
      const before = await place.keys();
      await world.admin('drop_hdfs_vault', { cloud_unique_id: '1:vaults:fe', vault: { name: 'second' } });

      const job = await world.round('vaults');

      expect(job?.round?.state).toBe('failed');
      for (const failure of failuresOf(job) ?? []) expect(failure).toMatch(/no vault with the id '2'/);
      expect(await place.keys()).toEqual(before);

      await world.admin('add_hdfs_vault', add);
      await world.recycle('vaults');
      expect(await place.keys()).toEqual(story.objects().map((key) => `data-of-vaults/second/${key}`));
    } finally {
      await place.stop();
    }
  });
});

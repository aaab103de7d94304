import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimedFiles, openStageWorld, type StageWorld } from '../../../test/support/recycler/stage-world.ts';
import { keys } from '../../keys/key-table.ts';
import { recycleCopyJobs } from './recycle-copy-jobs.ts';
import { recycleLoadingFiles } from './recycle-loading-files.ts';

let world: StageWorld;
beforeEach(async () => {
  world = await openStageWorld();
  expect(await world.createStage('jack')).toBe('OK');
});
afterEach(() => world.domain.dispose());

const sweep = (more = {}) => world.sweep(recycleLoadingFiles, more);

/** A job that was begun anew, which forgot its first file, and a job that is loading. */
async function begunAnew(): Promise<void> {
  expect(await world.beginCopy('one', { a: 'x' })).toBe('OK');
  expect(await world.beginCopy('one', { b: 'x' })).toBe('OK');
  world.pass(5);
  expect(await world.beginCopy('two', { c: 'x' })).toBe('OK');
}

test('gives files free whose job is there no more, and no others', async () => {
  await begunAnew();
  expect((await sweep()).progress.numbers).toMatchObject({ scanned: 3, found: 0, deleted: 0 });
  world.pass(6);
  await world.sweep(recycleCopyJobs);
  expect(await claimedFiles(world.domain)).toEqual(['c']);
  expect((await sweep()).progress.numbers).toMatchObject({ scanned: 2, found: 1, deleted: 1, failed: 0 });
  const begun = await world.beginCopy('three', { a: 'x', c: 'x' });
  expect(begun).toBe('OK');
  expect((await claimedFiles(world.domain)).sort()).toEqual(['a', 'c']);
});

test('leaves a claim whose job comes in between', async () => {
  await begunAnew();
  world.pass(6);
  await world.sweep(recycleCopyJobs);
  const { store } = world.domain;
  let calls = 0;
  const meanwhile = Object.create(store, {
    transact: {
      value: async (...args: Parameters<typeof store.transact>) => {
        // The first reads the claims, the second looks for their jobs, the third removes those without.
        if (++calls === 3) await world.beginCopy('one', { z: 'x' });
        return store.transact(...args);
      },
    },
  });
  expect((await sweep({ store: meanwhile })).progress.numbers).toMatchObject({ found: 1, deleted: 0, failed: 0 });
  expect((await sweep()).progress.numbers).toMatchObject({ found: 0 });
});

test('notes what it can not read, and plans the rest in a dry run', async () => {
  await begunAnew();
  world.pass(6);
  await world.sweep(recycleCopyJobs);
  const fields = { instance_id: 'i', stage_id: 's', table_id: 1n, object_key: 'k', object_etag: 'e' };
  await world.domain.store.transact(async (txn) => txn.set(keys.copyFile.encode(fields), Buffer.from([0xff])));
  const version = await world.domain.version();
  const { planned, progress } = await sweep({ dry_run: true });
  expect(planned).toEqual([{ what: expect.stringMatching(/^01/), why: 'its copy job is there no more' }]);
  expect(progress.numbers).toMatchObject({ scanned: 3, found: 1, failed: 1, deleted: 0 });
  expect(await world.domain.version()).toBe(version);
});

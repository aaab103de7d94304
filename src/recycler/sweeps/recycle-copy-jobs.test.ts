import { afterEach, expect, test } from 'vitest';
import type { MemoryOptions, ObjectCall } from '../../../test/support/objects/memory-object-store.ts';
import {
  claimedFiles,
  jobStatus,
  openStageWorld,
  type StageWorld,
} from '../../../test/support/recycler/stage-world.ts';
import { keys } from '../../keys/key-table.ts';
import { ObjectStoreError } from '../../objects/object-store-error.ts';
import { CopyJobPB_JobStatus as JobStatus } from '../../schema/gen/cloud/copy_pb.ts';
import { StagePB_StageType as StageType } from '../../schema/gen/cloud/stage_pb.ts';
import { recycleCopyJobs } from './recycle-copy-jobs.ts';

const settings = { copy_job_max_retention_second: 100 };

let world: StageWorld;
afterEach(() => world.domain.dispose());

async function open(options: MemoryOptions = {}): Promise<void> {
  world = await openStageWorld(options);
  expect(await world.createStage('jack')).toBe('OK');
}

/** Uploads files and copies them, and ends the copy unless told otherwise. Answers their etags. */
async function copied(copyId: string, paths: readonly string[], { finish = true } = {}) {
  const etags = Object.fromEntries(paths.map((path) => [path, world.upload(path)]));
  expect(await world.beginCopy(copyId, etags)).toBe('OK');
  if (finish) expect(await world.finishCopy(copyId)).toBe('OK');
  return etags;
}

const sweep = (more = {}) => world.sweep(recycleCopyJobs, { settings, ...more });
const files = () => world.bucket.keys.map((key) => key.replace('pre/stage/jack/1/', ''));

test('takes the loaded files of a finished job on an internal stage, then the job and its claims', async () => {
  await open();
  await copied('one', ['a', 'dir/b', 'dir/c']);
  await copied('two', ['d'], { finish: false });
  world.upload('dir/other');
  const { progress } = await sweep();
  expect(progress.numbers).toMatchObject({ scanned: 2, found: 1, deleted: 1, failed: 0, objects: 3 });
  expect(files()).toEqual(['d', 'dir/other']);
  expect(await jobStatus(world.domain, 'one')).toBeUndefined();
  expect(await jobStatus(world.domain, 'two')).toBe(JobStatus.LOADING);
  expect(await claimedFiles(world.domain)).toEqual(['d']);
});

test('leaves a file that came to the place of one that was loaded', async () => {
  await open();
  await copied('one', ['a', 'b']);
  const etag = world.upload('a', 'other contents');
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, objects: 1 });
  expect(files()).toEqual(['a']);
  expect(await world.beginCopy('two', { a: etag })).toBe('OK');
  expect(await claimedFiles(world.domain)).toEqual(['a']);
});

test('knows an etag by its quotes and its case', async () => {
  await open();
  const etag = world.upload('a');
  await world.beginCopy('one', { a: `"${etag.toUpperCase()}"` });
  await world.finishCopy('one');
  await sweep();
  expect(files()).toEqual([]);
});

test('keeps a job whose file a listing does not show, until one does', async () => {
  let is_stale = true;
  await open({ fault: ({ deed }) => (deed === 'list' && is_stale ? { stale_changes: 1 } : undefined) });
  await copied('one', ['a']);
  await sweep();
  expect(files()).toEqual(['a']);
  expect(await jobStatus(world.domain, 'one')).toBe(JobStatus.FINISH);
  is_stale = false;
  await sweep();
  expect(files()).toEqual([]);
  expect(await jobStatus(world.domain, 'one')).toBeUndefined();
});

test('removes a job whose files are gone already', async () => {
  await open();
  await copied('one', ['a']);
  world.bucket.delete('pre/stage/jack/1/a');
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, failed: 0, objects: 0 });
  expect(await jobStatus(world.domain, 'one')).toBeUndefined();
});

test('leaves a file that comes to the place of a loaded one while that is looked for', async () => {
  let once = true;
  await open({
    fault: ({ deed }) => {
      if (deed === 'list' && once) world.bucket.delete('pre/stage/jack/1/a');
      if (deed === 'exists') world.upload('a', 'other contents');
      return undefined;
    },
  });
  await copied('one', ['a']);
  await sweep();
  expect(files()).toEqual(['a']);
  once = false;
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, objects: 0 });
  expect(files()).toEqual(['a']);
});

test('deletes each page of a listing before it asks for the next', async () => {
  const deleted: (readonly string[])[] = [];
  const fault = (call: ObjectCall) => {
    if (call.deed === 'delete') deleted.push(call.keys);
    return undefined;
  };
  await open({ page_objects: 1, fault });
  await copied('one', ['a', 'b']);
  await sweep();
  expect(deleted).toEqual([['pre/stage/jack/1/a'], ['pre/stage/jack/1/b']]);
});

test('remembers a job on an external stage for a while, and never touches its files', async () => {
  await open();
  const etag = world.upload('a');
  await world.beginCopy('one', { a: etag }, { stageType: StageType.EXTERNAL });
  world.pass(50);
  await world.finishCopy('one');
  world.pass(99);
  expect((await sweep()).progress.numbers).toMatchObject({ scanned: 1, found: 0 });
  world.pass(1);
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, objects: 0 });
  expect(files()).toEqual(['a']);
  expect(await claimedFiles(world.domain)).toEqual([]);
});

test('counts from the beginning of a job that does not say when it finished', async () => {
  await open();
  await world.beginCopy('one', { a: 'x' }, { stageType: StageType.EXTERNAL });
  world.pass(99);
  await world.finishCopy('one', { finishTimeMs: 0n });
  expect((await sweep()).progress.numbers).toMatchObject({ found: 0 });
  world.pass(1);
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1 });
});

test('gives the files of a job free that did not finish in time, and leaves them where they are', async () => {
  await open();
  const etags = await copied('one', ['a'], { finish: false });
  world.pass(10);
  expect((await sweep()).progress.numbers).toMatchObject({ found: 0 });
  world.pass(1);
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, objects: 0 });
  expect(files()).toEqual(['a']);
  expect(await world.beginCopy('two', etags)).toBe('OK');
  expect(await claimedFiles(world.domain)).toEqual(['a']);
});

test('removes the job of a stage that is there no more, whose files go with it', async () => {
  await open();
  await copied('one', ['a']);
  await world.dropStage('1');
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, objects: 0, failed: 0 });
  expect(files()).toEqual(['a']);
});

test('waits with a file that is being loaded into another table', async () => {
  await open();
  const { b = '' } = await copied('one', ['a', 'b']);
  await copied('two', ['c']);
  expect(await world.beginCopy('other', { b }, { tableId: 8n })).toBe('OK');
  expect((await sweep()).progress.numbers).toMatchObject({ found: 2, deleted: 1, failed: 0, objects: 1 });
  expect(files()).toEqual(['a', 'b']);
  expect(await claimedFiles(world.domain)).toEqual(['a', 'b']);
  await world.finishCopy('other', { tableId: 8n });
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 2, objects: 2 });
  expect(files()).toEqual([]);
});

test('leaves job and claims as long as the files can not be deleted', async () => {
  let down = true;
  const fault = ({ deed }: ObjectCall) =>
    deed === 'delete' && down ? { partial: 1, after: new ObjectStoreError('unavailable', 'not now') } : undefined;
  await open({ fault });
  await copied('one', ['a', 'b']);
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 0, failed: 1 });
  expect(await claimedFiles(world.domain)).toEqual(['a', 'b']);
  down = false;
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
  expect(files()).toEqual([]);
});

test('leaves a job that is begun anew meanwhile, and claims of others', async () => {
  await open({ fault: async ({ deed }) => void (deed === 'delete' && (await world.beginCopy('one', { z: 'z' }))) });
  await copied('one', ['a']);
  expect((await sweep()).progress.numbers).toMatchObject({ found: 1, deleted: 0, failed: 0 });
  expect(await jobStatus(world.domain, 'one')).toBe(JobStatus.LOADING);
  expect(await claimedFiles(world.domain)).toContain('z');
});

test.each(['../2/a', '/a', 'b/../a', '.'])('refuses to delete a file at %j, and goes on', async (path) => {
  await open();
  await world.beginCopy('one', { [path]: 'x' });
  await world.finishCopy('one');
  await copied('two', ['a']);
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, failed: 1 });
  expect(files()).toEqual([]);
});

test('notes what it does not understand, and plans the rest in a dry run', async () => {
  await open();
  await copied('one', ['a']);
  const fields = { instance_id: 'i', stage_id: 'stage 1', table_id: 7n, group_id: 0n };
  await world.domain.store.transact(async (txn) => {
    txn.set(keys.copyJob.encode({ ...fields, copy_id: 'unreadable' }), Buffer.from([0xff]));
    txn.set(keys.copyJob.encode({ ...fields, copy_id: 'stateless' }), Buffer.alloc(0));
  });
  const version = await world.domain.version();
  const { planned, progress } = await sweep({ dry_run: true });
  expect(progress.numbers).toMatchObject({ scanned: 3, found: 1, failed: 2, deleted: 0 });
  expect(planned).toEqual([
    { what: expect.stringMatching(/\/a$/), why: 'it was loaded' },
    { what: expect.stringMatching(/^01/), why: 'it is finished' },
  ]);
  expect(files()).toEqual(['a']);
  expect(await world.domain.version()).toBe(version);
});

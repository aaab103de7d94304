import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { RLTaskTxnCommitAttachmentPBSchema } from '../../schema/gen/cloud/txn_attachment_pb.ts';
import { addTask } from './progress.ts';

const job = { cloudUniqueId: '1:i:fe', dbId: 1n, jobId: 5n };
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
});
afterEach(() => domain.dispose());

function add(partitionToOffset: Record<number, bigint>, counted: object = {}): Promise<void> {
  const task = create(RLTaskTxnCommitAttachmentPBSchema, { progress: { partitionToOffset }, ...counted });
  return domain.store.transact((txn) => addTask(txn, { instance_id: 'i', db_id: 1n, job_id: 5n }, task));
}

async function progress() {
  return (await domain.call(rpc.get_rl_task_commit_attach, job)).commitAttach;
}

function reset(partitionToOffset: Record<number, bigint>): Promise<string> {
  return domain.status(rpc.reset_rl_progress, { ...job, partitionToOffset });
}

const NOT_FOUND = 'ROUTINE_LOAD_PROGRESS_NOT_FOUND progress info not found, db_id=1 job_id=5 err=KeyNotFound';

describe('the progress of a job', () => {
  test('takes the offsets of each task, be they smaller, and adds up what the tasks counted', async () => {
    await add({ 0: 100n, 1: 7n }, { loadedRows: 20n, filteredRows: 1n, taskExecutionTimeMs: 5n });
    await add({ 0: 10n, 2: -1n }, { loadedRows: 30n, unselectedRows: 4n, receivedBytes: 9n });
    const counted = {
      filteredRows: 1n,
      loadedRows: 50n,
      unselectedRows: 4n,
      receivedBytes: 9n,
      taskExecutionTimeMs: 5n,
    };
    expect(await progress()).toMatchObject({
      progress: { partitionToOffset: { 0: 10n, 1: 7n, 2: -1n }, stat: counted },
      ...counted,
    });
  });

  test('wraps as an int64 does, instead of failing the load', async () => {
    await add({}, { loadedRows: 2n ** 63n - 1n });
    await add({}, { loadedRows: 1n });
    expect(await progress()).toMatchObject({ loadedRows: -(2n ** 63n) });
  });

  test('is not found before the first task, nor in another database', async () => {
    expect(await domain.status(rpc.get_rl_task_commit_attach, job)).toBe(NOT_FOUND);
    await add({ 0: 1n });
    expect(await domain.status(rpc.get_rl_task_commit_attach, { ...job, dbId: 2n })).toMatch('PROGRESS_NOT_FOUND');
  });
});

describe('a reset', () => {
  test('sets the offsets that it names, keeps the others, and forgets what was counted', async () => {
    await add({ 0: 100n, 1: 7n }, { loadedRows: 20n });
    expect(await reset({ 1: 3n, 4: 0n })).toBe('OK');
    const after = await progress();
    expect(after?.progress?.partitionToOffset).toEqual({ 0: 100n, 1: 3n, 4: 0n });
    expect(after?.progress?.stat).toBeUndefined();
    expect(Object.keys(after ?? {})).not.toContain('loadedRows');
  });

  test('without offsets forgets the job, known or not', async () => {
    await add({ 0: 100n });
    expect(await reset({})).toBe('OK');
    expect(await reset({})).toBe('OK');
    expect(await domain.status(rpc.get_rl_task_commit_attach, job)).toBe(NOT_FOUND);
  });

  test('makes the progress of a job that has none', async () => {
    expect(await reset({ 3: 30n })).toBe('OK');
    expect((await progress())?.progress?.partitionToOffset).toEqual({ 3: 30n });
  });
});

test('both methods look at the caller, then want a database and a job, and change nothing', async () => {
  const before = await domain.version();
  for (const method of [rpc.get_rl_task_commit_attach, rpc.reset_rl_progress] as const) {
    const status = (request: object) => domain.status(method as typeof rpc.reset_rl_progress, request);
    expect(await status({})).toBe('INVALID_ARGUMENT empty instance_id');
    for (const missing of ['dbId', 'jobId'] as const) {
      expect(await status({ ...job, [missing]: undefined })).toBe('INVALID_ARGUMENT empty db_id or job_id');
    }
  }
  expect(await domain.version()).toBe(before);
});

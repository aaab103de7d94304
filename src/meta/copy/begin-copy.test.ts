import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord } from '../../records/message-record.ts';
import {
  FinishCopyRequest_Action as Action,
  CopyJobPB_JobStatus as JobStatus,
  ObjectFilePBSchema,
} from '../../schema/gen/cloud/copy_pb.ts';
import { StagePB_StageType as StageType } from '../../schema/gen/cloud/stage_pb.ts';

const job = { cloudUniqueId: '1:i:fe', stageId: 's', tableId: 100n, copyId: 'c', groupId: 0 };
const table = { cloudUniqueId: '1:i:fe', stageId: 's', tableId: 100n };
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
});
afterEach(() => domain.dispose());

function files(from: number, until: number, size = 10n) {
  return Array.from({ length: until - from }, (_, i) => ({
    relativePath: `dir/${from + i}`,
    etag: `e${from + i}`,
    size,
  }));
}

async function begin(more: object): Promise<string[]> {
  const answer = await domain.call(rpc.begin_copy, { ...job, stageType: StageType.EXTERNAL, ...more });
  expect(answer.status).toMatchObject({ code: 0, msg: '' });
  return answer.filteredObjectFiles.map(({ relativePath }) => relativePath);
}

const paths = (from: number, until: number) => files(from, until).map(({ relativePath }) => relativePath);
const finish = (action: Action | undefined, more: object = {}) =>
  domain.status(rpc.finish_copy, { ...job, ...(action !== undefined && { action }), ...more });
const jobOf = async (more: object = {}) => (await domain.call(rpc.get_copy_job, { ...job, ...more })).copyJob;
const listed = async (of: object = table) =>
  (await domain.call(rpc.get_copy_files, of)).objectFiles.map(({ relativePath }) => relativePath);

async function refused(status: Promise<string>, expected: string): Promise<void> {
  const before = await domain.version();
  expect(await status).toBe(expected);
  expect(await domain.version()).toBe(before);
}

describe('a copy job', () => {
  test('is kept with its files and times, and each file says which job has claimed it', async () => {
    expect(await begin({ objectFiles: files(0, 2), startTimeMs: 200n, timeoutTimeMs: 300n, groupId: 3 })).toEqual(
      paths(0, 2),
    );
    expect(await jobOf({ groupId: 3 })).toMatchObject({
      stageType: StageType.EXTERNAL,
      jobStatus: JobStatus.LOADING,
      startTimeMs: 200n,
      timeoutTimeMs: 300n,
      objectFiles: files(0, 2),
    });
    const claim = { instance_id: 'i', stage_id: 's', table_id: 100n, object_key: 'dir/1', object_etag: 'e1' };
    const stored = await domain.store.transact((txn) => readRecord(txn, keys.copyFile, claim));
    expect(stored).toMatchObject({ copyId: 'c', groupId: 3 });
  });

  test('takes no file that another job has claimed, and there is none without files', async () => {
    await begin({ objectFiles: files(0, 20) });
    expect(await begin({ copyId: 'd', objectFiles: files(15, 30) })).toEqual(paths(20, 30));
    const before = await domain.version();
    expect(await begin({ copyId: 'e', objectFiles: files(5, 25) })).toEqual([]);
    expect(await begin({ copyId: 'e' })).toEqual([]);
    expect(await domain.version()).toBe(before);
    expect(await jobOf({ copyId: 'e' })).toBeUndefined();
  });

  test('claims a file for its stage and its table alone, and by its etag', async () => {
    await begin({ objectFiles: files(0, 1) });
    expect(await begin({ tableId: 101n, objectFiles: files(0, 1) })).toEqual(paths(0, 1));
    expect(await begin({ stageId: 't', objectFiles: files(0, 1) })).toEqual(paths(0, 1));
    expect(await begin({ copyId: 'd', objectFiles: [{ relativePath: 'dir/0', etag: 'newer' }] })).toEqual(['dir/0']);
  });

  test('takes the place of one of the same copy and group, whose files stay claimed', async () => {
    await begin({ objectFiles: files(0, 2) });
    expect(await begin({ objectFiles: files(1, 4) })).toEqual(paths(2, 4));
    expect((await jobOf())?.objectFiles).toMatchObject(files(2, 4));
    expect(await begin({ copyId: 'd', objectFiles: files(0, 5) })).toEqual(paths(4, 5));
  });

  test('may do without everything but its caller', async () => {
    await domain.call(rpc.begin_copy, { cloudUniqueId: '1:i:fe', objectFiles: [{}] });
    const { copyJob } = await domain.call(rpc.get_copy_job, { cloudUniqueId: '1:i:fe' });
    expect(copyJob).toMatchObject({ stageType: StageType.INTERNAL, startTimeMs: 0n, objectFiles: [{}] });
  });

  test('whose files two calls want at the same time goes to one of them', async () => {
    const [one, other] = await Promise.all([
      begin({ copyId: 'c1', objectFiles: files(0, 300) }),
      begin({ copyId: 'c2', objectFiles: files(0, 300) }),
    ]);
    expect([one?.length, other?.length].sort()).toEqual([0, 300]);
  });
});

describe('the limits of a copy job', () => {
  const metaSize = toBinary(ObjectFilePBSchema, create(ObjectFilePBSchema, files(0, 1)[0])).length;

  test.each([
    ['files', { fileNumLimit: 3n }, 3],
    ['bytes', { fileSizeLimit: 30n }, 3],
    ['bytes that a file exceeds in part', { fileSizeLimit: 39n }, 3],
    ['bytes about files', { fileMetaSizeLimit: BigInt(3 * metaSize) }, 3],
    ['the first limit that is reached', { fileNumLimit: 9n, fileSizeLimit: 20n }, 2],
    ['none at 0', { fileNumLimit: 0n, fileSizeLimit: 0n, fileMetaSizeLimit: 0n }, 9],
    ['none below 0', { fileNumLimit: -1n, fileSizeLimit: -1n, fileMetaSizeLimit: -1n }, 9],
  ])('%s', async (_, limits, taken) => {
    expect(await begin({ objectFiles: files(0, 9), ...limits })).toEqual(paths(0, taken));
  });

  test('let one new file through, however large', async () => {
    const tight = { fileNumLimit: 1n, fileSizeLimit: 1n, fileMetaSizeLimit: 1n };
    expect(await begin({ objectFiles: files(0, 9), ...tight })).toEqual(paths(0, 1));
    expect(await begin({ copyId: 'd', objectFiles: files(0, 9), ...tight })).toEqual(paths(1, 2));
  });

  test('do not count files that are claimed, and do not look behind the first that is too much', async () => {
    await begin({ objectFiles: files(0, 300) });
    const mixed = [...files(0, 302), ...files(400, 401, 1_000n), ...files(500, 501, 1n)];
    expect(await begin({ copyId: 'd', objectFiles: mixed, fileSizeLimit: 100n })).toEqual(paths(300, 302));
  });
});

describe('the end of a copy job', () => {
  beforeEach(() => begin({ objectFiles: files(0, 3) }));

  test('committed, it keeps its files, and can be committed again', async () => {
    expect(await finish(Action.COMMIT)).toBe('OK');
    expect(await jobOf()).toMatchObject({ jobStatus: JobStatus.FINISH, finishTimeMs: 0n });
    expect(await finish(Action.COMMIT, { finishTimeMs: 7n })).toBe('OK');
    expect(await jobOf()).toMatchObject({ jobStatus: JobStatus.FINISH, finishTimeMs: 7n, objectFiles: files(0, 3) });
    expect(await begin({ copyId: 'd', objectFiles: files(0, 4) })).toEqual(paths(3, 4));
  });

  test.each([Action.ABORT, Action.REMOVE])('by %s, it is gone, and its files are free', async (action) => {
    expect(await finish(Action.COMMIT)).toBe('OK');
    expect(await finish(action)).toBe('OK');
    expect(await jobOf()).toBeUndefined();
    await refused(finish(action), 'COPY_JOB_NOT_FOUND copy job does not found');
    expect(await begin({ copyId: 'd', objectFiles: files(0, 3) })).toEqual(paths(0, 3));
  });

  test.each([undefined, Action.UNKNOWN])('by action %s is refused', (action) =>
    refused(finish(action), 'UNDEFINED_ERR Unhandled action'),
  );

  test.each([{ copyId: 'd' }, { groupId: 1 }, { tableId: 101n }, { stageId: 't' }])('of none, %s', (other) =>
    refused(finish(undefined, other), 'COPY_JOB_NOT_FOUND copy job does not found'),
  );
});

describe('the files of a table', () => {
  test('are those of all its jobs, finished ones too, in the order of these', async () => {
    await begin({ copyId: 'b', objectFiles: files(0, 2) });
    await begin({ copyId: 'a', groupId: 2, objectFiles: files(2, 4) });
    await begin({ copyId: 'a', groupId: 1, objectFiles: files(4, 5) });
    await begin({ tableId: 101n, objectFiles: files(5, 6) });
    await begin({ tableId: 99n, objectFiles: files(6, 7) });
    await finish(Action.COMMIT, { copyId: 'b' });
    expect(await listed()).toEqual(['dir/4', 'dir/2', 'dir/3', 'dir/0', 'dir/1']);
    expect(await listed({ ...table, stageId: 't' })).toEqual([]);
  });

  test('can be asked for a table with the highest id', async () => {
    await begin({ tableId: 2n ** 63n - 1n, objectFiles: files(0, 1) });
    expect(await listed({ ...table, tableId: 2n ** 63n - 1n })).toEqual(paths(0, 1));
  });

  test('are told from those that may still be copied', async () => {
    await begin({ objectFiles: files(0, 300) });
    const answer = await domain.call(rpc.filter_copy_files, { ...table, objectFiles: files(298, 602) });
    expect(answer.objectFiles.map(({ relativePath }) => relativePath)).toEqual(paths(300, 602));
    expect(answer.objectFiles[0]).toMatchObject({ relativePath: 'dir/300', etag: 'e300', size: 10n });
  });
});

test.each([rpc.begin_copy, rpc.finish_copy, rpc.get_copy_job, rpc.get_copy_files, rpc.filter_copy_files])(
  '$name asks who is calling',
  async (method) => {
    const status = (request: object) => domain.status(method as typeof rpc.begin_copy, request);
    await refused(status({}), 'INVALID_ARGUMENT cloud unique id not set');
    await refused(status({ cloudUniqueId: '1:nobody:fe' }), 'INVALID_ARGUMENT empty instance_id');
  },
);

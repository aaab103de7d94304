import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BASE, CALLER, JobWorld } from '../../../test/support/jobs.ts';
import { TabletCompactionJobPB_CompactionType as CompactionType } from '../../schema/gen/cloud/job_pb.ts';

let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.open();
  await world.startCompaction({ id: '113974' });
  await world.startCompaction({ id: 'b', type: CompactionType.BASE });
});
afterEach(() => world.domain.dispose());

async function abort(compaction: unknown[], headers = {}, more: object = {}) {
  const job = { idx: { tablet_id: Number(BASE) }, compaction };
  const body = { cloud_unique_id: CALLER.cloudUniqueId, job, ...more };
  const answer = await world.domain.adminAnswer('abort_tablet_job', body, headers);
  return { ...answer, body: answer.body.toString() };
}

async function refused(compaction: unknown[], expected: string): Promise<void> {
  const before = await world.domain.version();
  const { status, body } = await abort(compaction);
  expect(`${status} ${JSON.parse(body).code} ${JSON.parse(body).msg}`).toContain(expected);
  expect(await world.domain.version()).toBe(before);
}

describe('the tool that aborts compactions', () => {
  test.each([113974, '113974'])('takes an id as the document has it, and as the schema has it: %o', async (id) => {
    const text = 'status {\n  code: OK\n  msg: ""\n}\n';
    expect(await abort([{ id }])).toEqual({ status: 200, contentType: 'text/plain', body: text });
    expect(await world.running()).toEqual(['b']);
  });

  test('answers JSON to whoever accepts it', async () => {
    const answer = await abort([{ id: 'b' }], { accept: 'application/json' });
    expect(answer).toMatchObject({ status: 200, contentType: 'application/json' });
    expect(JSON.parse(answer.body)).toEqual({ code: 'OK', msg: '' });
  });

  test('only aborts, whatever action is asked for', async () => {
    expect(await abort([{ id: 'b' }], {}, { action: 'LEASE' })).toMatchObject({ status: 200 });
    expect(await world.running()).toEqual(['113974']);
  });

  test('aborts all that are listed, or none', async () => {
    await refused([{ id: 'b' }, { id: 'nobody' }], '400 INVALID_ARGUMENT unmatched job id');
    await refused([{ id: 'b' }, { id: 'b' }], '400 INVALID_ARGUMENT unmatched job id');
    expect(await world.running()).toEqual(['113974', 'b']);
    expect(await abort([{ id: 'b' }, { id: 113974 }])).toMatchObject({ status: 200 });
    expect(await world.running()).toEqual([]);
  });

  test('refuses what does not run', async () => {
    await refused([{ id: 'nobody' }], '400 INVALID_ARGUMENT unmatched job id');
    await refused([], '400 INVALID_ARGUMENT no valid job specified');
    await refused([{ id: 1.5 }], '400 INVALID_ARGUMENT parse http request');
  });
});

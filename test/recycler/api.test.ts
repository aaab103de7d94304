import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SweepContext } from '../../src/recycler/sweep.ts';
import { GatedSweep } from '../support/recycler/gated-sweep.ts';
import { type RecyclingServer, startRecyclingServer } from '../support/recycler/recycling-server.ts';
import { until } from '../support/until.ts';

let server: RecyclingServer;
let sweep: GatedSweep;
let copyJobs: GatedSweep;

beforeEach(async () => {
  sweep = new GatedSweep('recycle_rowsets');
  copyJobs = new GatedSweep('recycle_copy_jobs');
  copyJobs.open = true;
  server = await startRecyclingServer({ live: [sweep, copyJobs] });
  await server.createInstance('i');
});
afterEach(() => server.stop());

const JSON_CALLER = { accept: 'application/json' };

async function jobInfo(instance_id = 'i') {
  return JSON.parse((await server.api('recycle_job_info', `instance_id=${instance_id}`, JSON_CALLER)).text);
}

describe('every operation', () => {
  const operations = ['recycle_instance', 'recycle_copy_jobs', 'recycle_job_info', 'check_instance', 'check_job_info'];
  operations.push('check_meta', 'adjust_rate_limiter', 'statistics_recycle', 'pause', 'resume');

  test.each(operations)('%s asks for the token, and does not repeat a wrong one', async (operation) => {
    for (const query of ['token=wrong&instance_id=i', 'token=', 'token=%00']) {
      expect(await server.api(operation, query)).toMatchObject({ status: 403, text: 'incorrect token\n' });
    }
  });

  test('that there is not, is not found', async () => {
    for (const operation of ['nothing', 'v1/recycle_instance', 'constructor', '']) {
      const answer = await server.api(operation);
      expect(answer.status).toBe(404);
    }
    expect((await server.api('nothing')).text).toBe(
      'http path /RecyclerService/http/nothing not found, it may be not implemented\n',
    );
  });

  test.each(['recycle_copy_jobs', 'recycle_job_info', 'check_job_info'])(
    '%s asks for an instance',
    async (operation) => {
      for (const query of ['', 'instance_id=']) {
        expect(await server.api(operation, query)).toMatchObject({ status: 400, text: 'no instance id\n' });
      }
      const unknown = await server.api(operation, 'instance_id=nobody');
      expect(unknown.status).toBe(500);
      expect(unknown.text).toMatch(/^failed to get .*instance_id=nobody, err=KeyNotFound\n$/);
    },
  );
});

describe('recycle_instance', () => {
  test('has instances recycled at once', async () => {
    const answer = await server.api('recycle_instance', '', { body: { instance_ids: ['i'] } });
    expect(answer).toMatchObject({ status: 200, text: 'OK\n' });
    await until(() => sweep.running === 1);
  });

  test('as an RPC, too', async () => {
    const answer = await fetch(`${server.base}/RecyclerService/recycle_instance`, {
      method: 'POST',
      body: JSON.stringify({ instance_ids: ['i'] }),
    });
    expect(await answer.json()).toEqual({ status: { code: 'OK', msg: 'OK' } });
    await until(() => sweep.running === 1);
  });

  test('recycles those that are there, whatever is wrong with the others', async () => {
    const answer = await server.api('recycle_instance', '', { body: { instance_ids: ['nobody', 'i'] } });
    const text = 'failed to get instance, instance_id=nobody, err=KeyNotFound\n';
    expect(answer).toMatchObject({ status: 500, text });
    await until(() => sweep.running === 1);
  });

  test.each(['', '{', '[]', '{"instance_ids": 7.5}'])('refuses %j', async (body) => {
    const answer = await server.api('recycle_instance', '', { body });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/^failed to RecycleInstanceRequest, error: /);
  });

  test('dry_run=true says what would go and why, and touches nothing', async () => {
    sweep.run = async ({ dry_run, progress }: SweepContext) => {
      expect(dry_run).toBe(true);
      progress.found(3);
      for (const what of ['x', 'y', 'z']) progress.planned({ what, why: 'it has expired' });
    };
    const answer = await server.api('recycle_instance', 'dry_run=true&limit=2', { body: { instance_ids: ['i'] } });
    expect(answer).toMatchObject({ status: 200, type: 'application/json' });
    const [preview] = JSON.parse(answer.text).instances;
    expect(preview).toMatchObject({
      instance_id: 'i',
      would_go: 3,
      planned: [
        { sweep: 'recycle_rowsets', what: 'x', why: 'it has expired' },
        { sweep: 'recycle_rowsets', what: 'y', why: 'it has expired' },
      ],
    });
    expect(await jobInfo()).toMatchObject({ status: 'IDLE', last_ctime_ms: '0' });
    const unknown = await server.api('recycle_instance', 'dry_run=true', { body: { instance_ids: ['nobody'] } });
    expect(unknown.status).toBe(500);
  });
});

describe('recycle_job_info', () => {
  test('answers as Doris does, of an instance where nothing was done yet, too', async () => {
    expect(await server.api('recycle_job_info', 'instance_id=i')).toMatchObject({
      status: 200,
      type: 'text/plain',
      text: '{"instance_id":"i","last_ctime_ms":"0","last_finish_time_ms":"0","status":"IDLE"}\n',
    });
    expect(await server.api('check_job_info', 'instance_id=i')).toMatchObject({ status: 200 });
  });

  test('tells callers who read JSON how far each sweep is, in numbers', async () => {
    await server.api('recycle_instance', '', { body: { instance_ids: ['i'] } });
    await until(() => sweep.running === 1);
    const [context] = sweep.contexts;
    context?.progress.found(10);
    context?.progress.deleted(8, { objects: 16, bytes: 4096 });
    context?.progress.failed(2, 'the bucket is gone');
    sweep.finish();
    await until(async () => (await jobInfo()).status === 'IDLE');
    const info = await jobInfo();
    expect(info).toMatchObject({ instance_id: 'i', paused: false, round: { state: 'failed' } });
    // The port that it listens on, though any was asked for.
    expect(info.ip_port).toMatch(new RegExp(`^[0-9.]+:${new URL(server.base).port}#${process.pid}-`));
    expect(info).not.toHaveProperty('last_success_time_ms');
    const [first] = info.round.sweeps;
    const numbers = { found: 10, deleted: 8, failed: 2, objects: 16, bytes: 4096 };
    expect(first).toMatchObject({
      name: 'recycle_rowsets',
      state: 'done',
      ...numbers,
      last_failure: 'the bucket is gone',
    });
    expect(first.rate).toBeGreaterThan(0);
  });
});

describe('recycle_copy_jobs', () => {
  test('runs this sweep alone, and does not count as a round', async () => {
    expect(await server.api('recycle_copy_jobs', 'instance_id=i')).toMatchObject({ status: 200, text: 'OK\n' });
    await until(async () => (await jobInfo()).status === 'IDLE');
    expect([sweep.instances, copyJobs.instances]).toEqual([[], ['i']]);
    expect(await jobInfo()).not.toHaveProperty('last_ctime_ms');
  });

  test('says so when it is not yet finished on the instance, or paused', async () => {
    copyJobs.open = false;
    await server.api('recycle_copy_jobs', 'instance_id=i');
    await until(() => copyJobs.running === 1);
    const busy = 'recycle_copy_jobs not yet finished on this instance\n';
    expect(await server.api('recycle_copy_jobs', 'instance_id=i')).toMatchObject({ status: 200, text: busy });
    await server.api('pause');
    await until(() => copyJobs.running === 0);
    await until(async () => (await server.api('recycle_copy_jobs', 'instance_id=i')).text.includes('paused'));
  });
});

describe('pause and resume', () => {
  test('of one instance', async () => {
    const paused = await server.api('pause', 'instance_id=i');
    expect(JSON.parse(paused.text)).toEqual({ paused: false, paused_instance_ids: ['i'] });
    await server.api('recycle_instance', '', { body: { instance_ids: ['i'] } });
    expect(await jobInfo()).toMatchObject({ paused: true, status: 'IDLE' });
    const resumed = await server.api('resume', 'instance_id=i');
    expect(JSON.parse(resumed.text)).toEqual({ paused: false, paused_instance_ids: [] });
    await until(() => sweep.running === 1);
  });

  test('of all ends what runs', async () => {
    await server.api('recycle_instance', '', { body: { instance_ids: ['i'] } });
    await until(() => sweep.running === 1);
    await server.api('pause');
    await until(() => sweep.running === 0);
    expect(await jobInfo()).toMatchObject({ paused: true });
  });

  test('take no instance without a name for all, and pause none that is not there', async () => {
    expect(await server.api('pause', 'instance_id=')).toMatchObject({ status: 400, text: 'no instance id\n' });
    expect(await server.api('resume', 'instance_id=')).toMatchObject({ status: 400 });
    expect(await server.api('pause', 'instance_id=nobody')).toMatchObject({ status: 500 });
    expect(await jobInfo()).toMatchObject({ paused: false });
  });
});

describe('statistics_recycle', () => {
  test('tells of the process and of the last rounds, in pages', async () => {
    for (const id of ['j', 'k']) await server.createInstance(id);
    sweep.open = true;
    await server.api('recycle_instance', '', { body: { instance_ids: ['i', 'j', 'k'] } });
    const statistics = async (query = '') => JSON.parse((await server.api('statistics_recycle', query)).text);
    const states = async () => (await statistics()).instances.map(({ state }: { state: string }) => state);
    await until(async () => (await states()).join() === 'succeeded,succeeded,succeeded');
    expect(await statistics()).toMatchObject({
      process: { running: [], totals: { recycle_rowsets: { found: 0 } } },
      paused: false,
    });
    expect((await statistics('after=i')).instances).toMatchObject([{ instance_id: 'j' }, { instance_id: 'k' }]);
    expect((await statistics('instance_id=j')).instances).toMatchObject([{ instance_id: 'j' }]);
    expect(await server.api('statistics_recycle', 'instance_id=j&after=i')).toMatchObject({ status: 400 });
  });
});

describe('adjust_rate_limiter', () => {
  test('sets a limit that all processes see', async () => {
    expect(await server.api('adjust_rate_limiter', 'type=put&speed=100&burst=10&limit=0')).toMatchObject({
      status: 200,
      text: 'OK\n',
    });
    const { limits } = JSON.parse((await server.api('statistics_recycle')).text);
    expect(limits).toEqual({ put: { per_second: 100, bucket_tokens: 10, token_limit: 0 } });
  });

  test.each([
    '',
    'type=get',
    'type=all&speed=1&burst=1&limit=1',
    'type=get&speed=&burst=1&limit=1',
    'type=get&speed=-1&burst=1&limit=1',
    'type=get&speed=x&burst=1&limit=1',
  ])('refuses %j', async (query) => {
    expect(await server.api('adjust_rate_limiter', query)).toMatchObject({
      status: 400,
      text: 'argument not suitable\n',
    });
  });
});

test('check_instance says that the checker is not enabled', async () => {
  expect(await server.api('check_instance', 'instance_id=i')).toMatchObject({
    status: 400,
    text: 'checker not enabled\n',
  });
  expect(await server.api('check_instance')).toMatchObject({ status: 400, text: 'no instance id\n' });
});

test('check_instance has an instance checked, and check_job_info tells what was found', async () => {
  const checked = await startRecyclingServer({ settings: { enable_checker: true, enable_inverted_check: true } });
  await checked.createInstance('i');
  expect(await checked.api('check_instance', 'instance_id=i')).toMatchObject({ status: 200, text: 'OK\n' });
  expect(await checked.api('check_instance', 'instance_id=nobody')).toMatchObject({ status: 500 });
  const info = async () => JSON.parse((await checked.api('check_job_info', 'instance_id=i', JSON_CALLER)).text);
  await until(async () => (await info()).check?.state === 'succeeded' && (await info()).status === 'IDLE');
  expect((await info()).check).toMatchObject({ found: { lost: { count: 0 }, orphaned: { count: 0 }, rowsets: 0 } });
  await checked.stop();
});

test('rounds have only the vaults that recycler_storage_vault_white_list names', async () => {
  const settings = { recycler_storage_vault_white_list: ['another'] };
  const listed = await startRecyclingServer({ settings, live: [sweep] });
  const where = { ...{ ak: 'a', sk: 's', bucket: 'b', endpoint: 'e', region: 'r' }, external_endpoint: 'e' };
  const vault = { obj_info: { ...where, prefix: 'p', provider: 'S3' } };
  const body = JSON.stringify({ instance_id: 'v', vault });
  expect(await (await fetch(`${listed.base}/MetaService/create_instance`, { method: 'POST', body })).json()).toEqual({
    status: { code: 'OK', msg: '' },
  });
  await listed.api('recycle_instance', '', { body: { instance_ids: ['v'] } });
  await until(() => sweep.running === 1);
  expect(() => sweep.contexts[0]?.vaults.get('1')).toThrow('not in recycler_storage_vault_white_list');
  await listed.stop();
});

test('check_meta asks for its parameters, and says that it is not there', async () => {
  const without = await server.api('check_meta', 'instance_id=i&host=h&port=1');
  expect(without).toMatchObject({ status: 400, text: 'no instance id or mysql conn str info\n' });
  const answer = await server.api('check_meta', 'instance_id=i&host=h&port=1&user=root&password=hush-hush');
  expect(answer).toMatchObject({
    status: 501,
    text: expect.stringMatching(/^check meta not build: .*check_instance/),
  });
  expect(answer.text).not.toContain('hush-hush');
});

test('a server that stops in the middle of a round ends it, and gives the instance back', async () => {
  await server.api('recycle_instance', '', { body: { instance_ids: ['i'] } });
  await until(() => sweep.running === 1);
  await server.stop();
  expect(sweep.running).toBe(0);
  expect(sweep.contexts[0]?.signal.reason.message).toBe('the service stops');
});

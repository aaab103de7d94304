import { afterAll, beforeAll, expect, test } from 'vitest';
import { recyclerOperations } from '../../src/admin/recycling/recycler-operations.ts';
import { FuzzClient } from '../support/fuzz/client.ts';
import { mutateBytes, mutateJson, randomBytes } from '../support/fuzz/mutate.ts';
import { oddText } from '../support/fuzz/odd-values.ts';
import { loggerTo } from '../support/logger-to.ts';
import { newSeed, Random } from '../support/random.ts';
import { GatedSweep } from '../support/recycler/gated-sweep.ts';
import { type RecyclingServer, startRecyclingServer } from '../support/recycler/recycling-server.ts';

const RUNS = 100;
const INSTANCES = ['i', 'j', 'nobody'];

/** Queries that are right, or nearly so. */
const QUERIES: Readonly<Record<keyof typeof recyclerOperations, readonly string[]>> = {
  recycle_instance: ['', 'dry_run=true', 'dry_run=true&limit=1'],
  recycle_copy_jobs: INSTANCES.map((id) => `instance_id=${id}`),
  recycle_job_info: INSTANCES.map((id) => `instance_id=${id}`),
  check_instance: INSTANCES.map((id) => `instance_id=${id}`),
  check_job_info: INSTANCES.map((id) => `instance_id=${id}`),
  check_meta: ['instance_id=i&host=h&port=1&user=u&password='],
  adjust_rate_limiter: ['type=get&speed=1000000&burst=1000000&limit=0', 'type=put&speed=0&burst=0&limit=0'],
  statistics_recycle: ['', 'instance_id=i', 'after=i'],
  pause: ['', 'instance_id=i', 'instance_id=nobody'],
  resume: ['', 'instance_id=j'],
};

const seed = newSeed();
const random = new Random(seed);
let server: RecyclingServer;
let client: FuzzClient;
const log: string[] = [];

beforeAll(async () => {
  const sweep = new GatedSweep('recycle_copy_jobs');
  sweep.open = true;
  const logger = loggerTo((line) => void log.push(line), 'warn');
  const settings = { enable_checker: true, http_token: 'Token0fTheFuzzer' };
  server = await startRecyclingServer({ live: [sweep], settings, logger });
  for (const id of ['i', 'j']) await server.createInstance(id);
  client = new FuzzClient(server.base);
});
afterAll(async () => {
  client.close();
  await server.stop();
});

test('every operation of the recycler is fuzzed', () => {
  expect(Object.keys(QUERIES)).toEqual(Object.keys(recyclerOperations));
});

test.each(Object.entries(QUERIES))('%s', async (operation, queries) => {
  const fork = random.fork(operation);
  for (let run = 0; run < RUNS; run++) {
    const request = {
      method: fork.pick(['GET', 'POST', 'PUT']),
      target: `/RecyclerService/http/${operation}?${queryOf(fork, queries)}`,
      contentType: fork.pick([undefined, 'application/json', 'text/plain']),
      body: bodyOf(fork),
    };
    const { status, body } = await client.send(request);
    const text = body.toString();
    const shown = `TEST_SEED=${seed} ${request.target} ${request.body.toString('latin1')}: ${status} ${text}`;
    expect([200, 400, 403, 500, 501], shown).toContain(status);
    if (status === 500) expect(text, shown).toMatch(/^(?:failed to get|malformed|A key has) /);
    expect(text, shown).not.toMatch(/unexpected error|Token0fTheFuzzer/);
  }
  expect(log.filter((line) => /"level":"(?:error|fatal)"|Token0fTheFuzzer/.test(line))).toEqual([]);
  expect((await fetch(`${server.base}/health`)).status).toBe(200);
});

function queryOf(fork: Random, queries: readonly string[]): string {
  const query = fork.pick(queries);
  const changed = fork.chance(0.4) ? query : mutated(fork, query);
  const token = fork.chance(0.05) ? `token=${encoded(oddText(fork))}` : `token=${server.token}`;
  return `${token}&${changed.replace(/token/g, 'tok')}`;
}

function mutated(fork: Random, query: string): string {
  const parameters = query.split('&').map((parameter) => {
    const [name = '', value = ''] = parameter.split('=');
    if (fork.chance(0.2)) return '';
    return `${name}=${fork.chance(0.5) ? value : encoded(oddText(fork))}`;
  });
  return parameters.join('&');
}

function bodyOf(fork: Random): Buffer {
  const sample = { instance_ids: [fork.pick(INSTANCES)] };
  const make = fork.weighted<() => string | Buffer>([
    [4, () => JSON.stringify(sample)],
    [4, () => mutateJson(fork, sample)],
    [2, () => mutateBytes(fork, Buffer.from(JSON.stringify(sample)))],
    [1, () => randomBytes(fork)],
    [1, () => ''],
  ]);
  return Buffer.from(make());
}

/** As bytes, since it may hold what is no Unicode. */
function encoded(text: string): string {
  return Buffer.from(text.slice(0, 3000)).toString('hex').replace(/../g, '%$&');
}

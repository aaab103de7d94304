import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OneConnection } from '../support/one-connection.ts';
import { type S3Place, s3Place } from '../support/recycler/places.ts';
import { callRecycler, type JobShown, jobInfo, recycleInstances } from '../support/recycler/recycler-calls.ts';
import { Story } from '../support/recycler/story.ts';
import { makeDir } from '../support/run-server.ts';
import { ServiceProcess } from '../support/simulation/service-process.ts';
import { until } from '../support/until.ts';

/** Rounds begin when they are asked for, and what may go goes at once. A process that dies is found dead soon. */
const SETTINGS = [
  ...['--recycler-sleep-before-scheduling-seconds', '100000', '--force-immediate-recycle', 'true'],
  ...['--retention-seconds', '0', '--recycle-job-lease-expired-ms', '4500'],
];

/** Far longer than anything takes that is waited for, also where many tests run at a time. */
const MOST_MS = 120_000;
vi.setConfig({ testTimeout: 300_000 });

let place: S3Place;
let dir: string;
let services: ServiceProcess[];
let connections: OneConnection[];
beforeEach(async () => {
  place = await s3Place();
  dir = await makeDir();
  services = [];
  connections = [];
});
afterEach(async () => {
  for (const one of connections) one.close();
  await Promise.all(services.map((service) => service.dispose()));
  await place.stop();
  await rm(dir, { recursive: true, force: true });
});

function serve(...args: string[]): ServiceProcess {
  const service = new ServiceProcess(dir, [...SETTINGS, ...args]);
  services.push(service);
  return service;
}

/** An instance with a table that stays and one that was dropped. */
async function tellStory(service: ServiceProcess): Promise<Story> {
  const who = { instance_id: 'told', name: 'told', user_id: 'test' };
  await service.admin('create_instance', { ...who, ...place.instance('pre') });
  const story = new Story({ service, instance_id: 'told', resource_id: '1', put: (key) => place.put(`pre/${key}`) });
  await story.createTables();
  const [first, dropped] = story.tables;
  if (!first || !dropped) throw new Error('a table is missing');
  for (const table of [first, first, dropped]) await story.load(table);
  await story.dropTable(dropped);
  return story;
}

const liveObjects = (story: Story) => story.objects().map((key) => `pre/${key}`);

/** Waits until the last round over the instance is in a state, and resolves to what is said of it then. */
async function inState(base: string, state: string): Promise<JobShown> {
  let job: JobShown | undefined;
  const isThere = async () => {
    job = await jobInfo(base, 'told');
    return job.round?.state === state && (state === 'running' || job.status === 'IDLE');
  };
  await until(isThere, { what: `a round that is ${state}`, most_ms: MOST_MS });
  return job as JobShown;
}

describe('a process of each role on one store', () => {
  test('one answers, and the other recycles what was dropped there, under the port that it listens on', async () => {
    const meta = serve('--role', 'meta-service');
    const story = await tellStory(meta);
    expect(await callRecycler(await meta.base(), 'recycle_instance', {}, { instance_ids: ['told'] })).toMatchObject({
      status: 400,
    });
    const recycler = serve('--role', 'recycler');
    const base = await recycler.base();
    await recycleInstances(base, 'told');
    const job = await inState(base, 'succeeded');
    expect(job.ip_port).toMatch(new RegExp(`:${new URL(base).port}#`));
    expect(await place.keys()).toEqual(liveObjects(story));
    for (const { tablets } of story.tables) {
      for (const tablet of tablets) expect(await story.visibleRowsets(tablet)).toHaveLength(tablet.rowsets.length);
    }
  });

  test('what one of two recyclers is told holds for the other, which goes on where the first was killed', async () => {
    const story = await tellStory(serve('--role', 'meta-service'));
    const [one, two] = [serve('--role', 'recycler'), serve('--role', 'recycler')];
    const [here, there] = [await one.base(), await two.base()];
    place.freeze();
    await recycleInstances(here, 'told');
    expect((await inState(there, 'running')).ip_port).toMatch(`:${new URL(here).port}#`);

    await callRecycler(there, 'pause', { instance_id: 'told' });
    expect((await inState(there, 'aborted')).round?.reason).toBe('it is paused');
    await recycleInstances(here, 'told');
    expect(await jobInfo(here, 'told')).toMatchObject({ paused: true, status: 'IDLE', round: { state: 'aborted' } });
    await callRecycler(there, 'resume');
    await inState(there, 'running');

    await one.dispose();
    place.thaw();
    await recycleInstances(there, 'told');
    const job = await inState(there, 'succeeded');
    expect(job.ip_port).toMatch(`:${new URL(there).port}#`);
    expect(await place.keys()).toEqual(liveObjects(story));
  });
});

/** Calls of the recycler's API on one connection, so that one worker answers all of them. */
function connection(base: string) {
  const one = new OneConnection(base);
  connections.push(one);
  return async (operation: string, query: Readonly<Record<string, string>> = {}, body?: object) => {
    const parameters = new URLSearchParams({ token: 'greedisgood9999', ...query });
    const sent = { headers: { accept: 'application/json' }, body: body === undefined ? '' : JSON.stringify(body) };
    const text = await one.ask(`/RecyclerService/http/${operation}?${parameters}`, sent);
    return (text.startsWith('{') ? JSON.parse(text) : { text }) as Record<string, unknown>;
  };
}

test('workers recycle under the port that all listen on, and what one of them is told holds for the others', async () => {
  const service = serve('--workers', '2');
  const story = await tellStory(service);
  const base = await service.base();
  const first = connection(base);
  const nameOf = async (call: typeof first) =>
    ((await call('statistics_recycle')).process as { ip_port: string }).ip_port;
  const name = await nameOf(first);
  let second = connection(base);
  const isOfTheOther = async () => {
    if ((await nameOf(second)) !== name) return true;
    second = connection(base);
    return false;
  };
  await until(isOfTheOther, { what: 'a connection to the other worker', most_ms: MOST_MS });
  expect([name, await nameOf(second)].map((one) => one.split('#')[0]?.split(':')[1])).toEqual(
    Array(2).fill(new URL(base).port),
  );

  place.freeze();
  await first('recycle_instance', {}, { instance_ids: ['told'] });
  expect((await inState(base, 'running')).ip_port).toBe(name);
  expect(await second('pause')).toEqual({ paused: true, paused_instance_ids: [] });
  expect((await inState(base, 'aborted')).round?.reason).toBe('it is paused');
  await second('recycle_instance', {}, { instance_ids: ['told'] });
  for (const call of [first, second])
    expect(await call('recycle_job_info', { instance_id: 'told' })).toMatchObject({ paused: true });

  place.thaw();
  expect(await second('resume')).toEqual({ paused: false, paused_instance_ids: [] });
  expect(await inState(base, 'succeeded')).toMatchObject({ paused: false });
  expect(await place.keys()).toEqual(liveObjects(story));
});

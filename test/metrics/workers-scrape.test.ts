import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { OneConnection } from '../support/one-connection.ts';
import { lintScrape } from '../support/prometheus/lint.ts';
import { Scrape } from '../support/prometheus/scrape.ts';
import { makeDir, type SpawnedServer, spawnServer, workersOf } from '../support/run-server.ts';

const WORKERS = 2;

let dir: string;
let server: SpawnedServer;
let base: string;
const connections: OneConnection[] = [];
beforeAll(async () => {
  dir = await makeDir();
  server = spawnServer(['--listen', '127.0.0.1:0', '--data-dir', dir, '--workers', String(WORKERS)]);
  base = await server.base();
});
afterEach(() => {
  for (const one of connections.splice(0)) one.close();
});
afterAll(async () => {
  server.child.kill('SIGTERM');
  await server.exited;
  await rm(dir, { recursive: true });
});

function connection() {
  const one = new OneConnection(base);
  connections.push(one);
  return (path: string, body?: unknown) => one.ask(path, body === undefined ? {} : { body: JSON.stringify(body) });
}

type Connection = ReturnType<typeof connection>;

const scrapeBy = async (ask: Connection) => new Scrape(await ask('/metrics'));
const getVersion = (ask: Connection) => ask('/MetaService/get_version', { cloud_unique_id: '1:nobody:be' });
const versions = (found: Scrape) => found.sum('nereus_calls_total', { method: 'get_version' });

/** Two connections of which each worker has one, once those of the test before are gone. */
async function oneOfEach(): Promise<[Connection, Connection]> {
  const one = connection();
  const open = async () => (await scrapeBy(one)).sum('nereus_connections');
  await expect.poll(open, { timeout: 20_000, interval: 100 }).toBe(1);
  const other = connection();
  await other('/version');
  return [one, other];
}

test('whichever worker is asked, it tells the figures of all', async () => {
  const [one, other] = await oneOfEach();
  for (let i = 0; i < 3; i++) await getVersion(one);
  for (let i = 0; i < 4; i++) await getVersion(other);
  for (const ask of [one, other]) {
    const found = await scrapeBy(ask);
    expect(versions(found)).toBe(7);
    expect(found.sum('nereus_call_duration_seconds_count', { method: 'get_version' })).toBe(7);
    expect(found.sum('nereus_workers')).toBe(WORKERS);
    expect(found.sum('nereus_workers_ready')).toBe(WORKERS);
    expect(found.sum('nereus_connections', { protocol: 'http1' })).toBe(2);
    expect(found.sum('nereus_requests_in_flight_limit')).toBe(4096);
    expect(found.sum('nereus_store_usable')).toBe(1);
    expect(found.labels('process_resident_memory_bytes', 'worker')).toEqual(['1', '2']);
    expect(found.labels('process_start_time_seconds', 'worker')).toEqual(['1', '2']);
    expect(lintScrape(found.text)).toEqual([]);
  }
});

test('a worker that hangs does not hold up the figures of the others', async () => {
  const [one, other] = await oneOfEach();
  const before = versions(await scrapeBy(one));
  const [hung] = workersOf(server) as [number];
  process.kill(hung, 'SIGSTOP');
  try {
    // One of the two connections is that of the worker that hangs, and which of them can't be told.
    expect(versions(await Promise.any([scrapeBy(one), scrapeBy(other)]))).toBe(before);
  } finally {
    process.kill(hung, 'SIGCONT');
  }
});

test('no count goes back when a worker is killed and started again', async () => {
  const before = await scrapeBy(connection());
  for (let kill = 1; kill <= 2; kill++) {
    process.kill(workersOf(server).at(-1) as number, 'SIGKILL');
    const isBack = async () => {
      const found = await scrapeBy(connection()).catch(() => undefined);
      return found?.sum('nereus_worker_restarts_total') === kill && found?.sum('nereus_workers_ready') === WORKERS;
    };
    await expect.poll(isBack, { timeout: 40_000, interval: 100 }).toBe(true);
  }
  await getVersion(connection());
  const after = await scrapeBy(connection());
  expect(versions(after)).toBe(versions(before) + 1);
  const counters = before.families.filter(({ name, type }) => type === 'counter' && !name.startsWith('process_'));
  for (const { name, labels, value } of counters.flatMap(({ samples }) => samples)) {
    expect(after.sum(name, labels), `${name} ${JSON.stringify(labels)}`).toBeGreaterThanOrEqual(value);
  }
});

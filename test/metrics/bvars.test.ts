import { afterEach, expect, test } from 'vitest';
import { parseScrape } from '../support/prometheus/parse.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serve(settings = {}): Promise<{ base: string; get: (path: string) => Promise<[number, string]> }> {
  server = await startTestServer({ settings });
  const { base } = server;
  const post = (method: string, body: unknown) =>
    fetch(`${base}/MetaService/${method}`, { method: 'POST', body: JSON.stringify(body) }).then((one) => one.text());
  const vault = { hdfs_info: { build_conf: { fs_name: 'hdfs://h' } } };
  await post('create_instance', { instance_id: 'inst', user_id: 'u', name: 'n', vault });
  await post('get_version', { cloud_unique_id: '1:inst:be', db_id: 1, table_id: 2, partition_id: 3 });
  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`${base}${path}`);
    return [response.status, await response.text()];
  };
  return { base, get };
}

test('dashboards find the names of the reference', async () => {
  const { base, get } = await serve();
  const { port } = new URL(base);
  const [status, text] = await get('/brpc_metrics');
  expect(status).toBe(200);
  const byName = new Map(parseScrape(text).map((family) => [family.name, family]));
  expect(byName.get('ms_get_version_inst_count')).toMatchObject({ type: 'gauge', samples: [{ value: 1 }] });
  expect(byName.get(`rpc_server_${port}_doris_cloud_meta_service_get_version`)?.type).toBe('summary');
  expect(byName.get('process_memory_resident')?.samples[0]?.value).toBeGreaterThan(1_000_000);
});

test('one variable, or those of a pattern, can be asked for', async () => {
  const { get } = await serve();
  expect(await get('/vars/ms_get_version_inst_count')).toEqual([200, 'ms_get_version_inst_count : 1\r\n']);
  const [, some] = await get('/vars/ms_get_version_inst_*');
  const names = some
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(' : ')[0]?.replace('ms_get_version_inst_', ''));
  expect(names).toEqual([
    ...['count', 'latency', 'latency_80', 'latency_90', 'latency_99', 'latency_999', 'latency_9999'],
    ...['max_latency', 'qps'],
  ]);
  const [, all] = await get('/vars');
  expect(all).toContain('process_uptime : ');
  const [status, text] = await get('/vars/nothing');
  expect(status).toBe(404);
  expect(text).toMatch(/\[E1002\]Fail to find any bvar by `nothing'$/);
});

test('they are for those who may read metrics', async () => {
  const { get } = await serve({ metrics_access: 'token' });
  for (const path of ['/brpc_metrics', '/vars', '/vars/x']) expect((await get(path))[0], path).toBe(401);
  expect((await get('/brpc_metrics?token=greedisgood9999'))[0]).toBe(200);
});

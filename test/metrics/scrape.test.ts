import { create } from '@bufbuild/protobuf';
import { afterEach, describe, expect, test } from 'vitest';
import { MetaService } from '../../src/schema/gen/cloud/meta_service_pb.ts';
import { ALL_METRICS } from '../../src/server/metrics/table.ts';
import { BaiduStdClient } from '../support/baidu-std-client.ts';
import { CALLERS } from '../support/grpc/callers.ts';
import { lintScrape } from '../support/prometheus/lint.ts';
import { scrape } from '../support/prometheus/scrape.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(options: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer> {
  server = await startTestServer(options);
  return server;
}

async function call(base: string, method: string, body: unknown): Promise<string> {
  const response = await fetch(`${base}/MetaService/${method}`, { method: 'POST', body: JSON.stringify(body) });
  return ((await response.json()) as { status: { code: string } }).status.code;
}

const createInstance = (base: string, instance_id: string) =>
  call(base, 'create_instance', {
    ...{ instance_id, user_id: 'u', name: 'n' },
    vault: { hdfs_info: { build_conf: { fs_name: 'hdfs://h' } } },
  });
const version = (cloud_unique_id: string) => ({ cloud_unique_id, db_id: 1, table_id: 2, partition_id: 3 });

describe('/metrics', () => {
  test('is what Prometheus expects, before the first call and after', async () => {
    const { base } = await start();
    const response = await fetch(`${base}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(lintScrape(await response.text())).toEqual([]);
    await createInstance(base, 'i');
    await call(base, 'get_version', version('1:i:be'));
    const { text, families } = await scrape(base);
    expect(lintScrape(text)).toEqual([]);
    const declared = new Map(ALL_METRICS.map((metric) => [metric.name, metric]));
    for (const { name, help, type, samples } of families.filter((family) => family.name.startsWith('nereus_'))) {
      expect({ help, type }, name).toEqual({ help: declared.get(name)?.help, type: declared.get(name)?.type });
      const labels = samples.map((sample) => Object.keys(sample.labels).filter((label) => label !== 'le'));
      for (const found of labels) expect(found, name).toEqual(declared.get(name)?.labels);
    }
  });

  test('counts calls by method, instance and code, and how long they took', async () => {
    const { base } = await start();
    await createInstance(base, 'i');
    for (let i = 0; i < 5; i++) expect(await call(base, 'get_version', version('1:i:be'))).toBe('VERSION_NOT_FOUND');
    expect(await call(base, 'get_cluster', { cloud_unique_id: '1:i:be' })).toBe('CLUSTER_NOT_FOUND');
    const found = await scrape(base);
    expect(found.sum('nereus_calls_total', { method: 'create_instance', instance_id: '', code: 'OK' })).toBe(1);
    const ofVersion = { method: 'get_version', instance_id: 'i' };
    expect(found.sum('nereus_calls_total', { ...ofVersion, code: 'VERSION_NOT_FOUND' })).toBe(5);
    expect(found.sum('nereus_calls_total', { method: 'get_cluster', code: 'CLUSTER_NOT_FOUND' })).toBe(1);
    expect(found.sum('nereus_call_duration_seconds_count', { method: 'get_version' })).toBe(5);
    expect(found.sum('nereus_call_duration_seconds_bucket', { method: 'get_version', le: '+Inf' })).toBe(5);
    expect(found.sum('nereus_call_seconds_total', ofVersion)).toBeGreaterThan(0);
    expect(found.sum('nereus_instance_call_duration_seconds_count', { instance_id: 'i' })).toBeGreaterThanOrEqual(5);
  });

  test('tells of the store, of connections and of the process', async () => {
    const { base } = await start();
    await createInstance(base, 'i');
    const caller = Object.values(CALLERS)[0]?.(base);
    const { get_version } = MetaService.method;
    await caller?.call(get_version, create(get_version.input, { cloudUniqueId: '1:i:be' }));
    const backend = await BaiduStdClient.connect(Number(new URL(base).port));
    await backend.send('get_version', new Uint8Array());
    const found = await scrape(base);
    for (const protocol of ['http1', 'http2', 'baidu_std']) {
      expect(found.sum('nereus_connections', { protocol }), protocol).toBeGreaterThanOrEqual(1);
      expect(found.sum('nereus_connections_opened_total', { protocol }), protocol).toBeGreaterThanOrEqual(1);
    }
    const commits = found.sum('nereus_store_commits_total');
    expect(commits).toBeGreaterThanOrEqual(1);
    expect(found.sum('nereus_store_batch_commits_sum')).toBe(commits);
    expect(found.sum('nereus_store_batch_commits_count')).toBe(found.sum('nereus_store_syncs_total'));
    expect(found.sum('nereus_store_size_bytes')).toBeGreaterThan(4096);
    expect(found.sum('nereus_store_disk_free_bytes')).toBeGreaterThan(0);
    expect(found.sum('nereus_store_usable')).toBe(1);
    expect(found.sum('nereus_build_info', { version: 'test' })).toBe(1);
    expect(found.sum('nereus_workers_ready')).toBe(1);
    expect(found.sum('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    caller?.close();
    backend.close();
    const gone = async () => (await scrape(base)).sum('nereus_connections', { protocol: 'baidu_std' });
    await expect.poll(gone, { timeout: 20_000 }).toBe(0);
  });

  test('tells a bounded number of instances apart', async () => {
    const { base } = await start({ settings: { metrics_max_instances: 2 } });
    for (const id of ['a', 'b', 'c', 'd']) {
      await createInstance(base, id);
      await call(base, 'get_version', version(`1:${id}:be`));
    }
    const found = await scrape(base);
    expect(found.labels('nereus_calls_total', 'instance_id')).toEqual(['', 'a', 'b', 'other']);
    expect(found.sum('nereus_calls_total', { instance_id: 'other' })).toBe(2);
  });

  test('does not grow with instances and methods that a stranger makes up', async () => {
    const { base } = await start();
    const strange = async (i: number) => {
      await call(base, 'get_version', version(`1:stranger${i}:be`));
      await call(base, 'get_version', version(`stranger${i}`));
      await call(base, 'get_instance', { instance_id: `stranger${i}`, cloud_unique_id: '' }).catch(() => '');
      await fetch(`${base}/MetaService/stranger${i}`, { method: 'POST', body: '{}' }).then((one) => one.text());
      await fetch(`${base}/MetaService/http/stranger${i}?token=greedisgood9999`).then((one) => one.text());
    };
    await strange(0);
    const before = await scrape(base);
    for (let i = 1; i < 15; i++) await strange(i);
    const after = await scrape(base);
    expect(after.text).not.toContain('stranger');
    const countOf = ({ families }: typeof after) =>
      families.filter(({ name }) => name.startsWith('nereus_')).reduce((sum, { samples }) => sum + samples.length, 0);
    expect(countOf(after)).toBe(countOf(before));
  });

  test('holds no secret', async () => {
    const { base } = await start({ settings: { http_token: 'the-token-of-this-test' } });
    await fetch(`${base}/MetaService/http/get_instance?token=the-token-of-this-test&instance_id=x`);
    await call(base, 'create_instance', {
      ...{ instance_id: 'i', user_id: 'u', name: 'n' },
      obj_info: { ak: 'the-ak', sk: 'the-sk', bucket: 'b', endpoint: 'e', region: 'r', provider: 'COS' },
    });
    const { text } = await scrape(base);
    for (const secret of ['the-token-of-this-test', 'the-ak', 'the-sk']) expect(text).not.toContain(secret);
  });

  test('asks for the token where the settings say so', async () => {
    const { base, token } = await start({ settings: { metrics_access: 'token' } });
    const status = async (query: string, headers = {}) => (await fetch(`${base}/metrics${query}`, { headers })).status;
    expect(await status('')).toBe(401);
    expect(await status('?token=wrong')).toBe(401);
    expect(await status('', { authorization: 'Bearer wrong' })).toBe(401);
    expect(await status('', { authorization: `Basic ${token}` })).toBe(401);
    expect(await status(`?token=${token}`)).toBe(200);
    expect(await status('', { authorization: `Bearer ${token}` })).toBe(200);
  });
});

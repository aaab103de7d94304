import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../src/admin/routes.ts';
import { ANSWER_TEXTS } from '../../src/client/call-admin.ts';
import { AdminError, type Client, createClient } from '../../src/client/client.ts';
import { type CountedServer, newInstance, startCountedServer } from '../support/client/counted-server.ts';
import { CuttingProxy } from '../support/client/cutting-proxy.ts';

const TOKEN = 'a token & more';
let server: CountedServer;
let proxy: CuttingProxy;
let client: Client;
beforeAll(async () => {
  server = await startCountedServer({ settings: { http_token: TOKEN } });
  proxy = await CuttingProxy.to(server.base);
  client = createClient({ endpoints: proxy.base, token: TOKEN, transport: 'grpc' });
  await client.admin('create_instance', newInstance('inst'));
});
afterAll(async () => {
  client.close();
  await proxy.close();
  await server.stop();
});

describe('the admin API', () => {
  test('is HTTP whatever the transport, with and without v1/', async () => {
    const query = { instance_id: 'inst' };
    const { result, text } = await client.admin('v1/get_instance', undefined, { query });
    expect(result).toMatchObject({ instance_id: 'inst', user_id: 'user' });
    expect(JSON.parse(text)).toMatchObject({ code: 'OK', result });
    expect((await client.admin('get_instance', undefined, { query })).text).toBe(text);
  });

  test('answers with texts to operations of which the client knows that', () => {
    const texts = Object.keys(routes).filter((name) => routes[name]?.shown.kind === 'text');
    expect(texts.sort()).toEqual([...ANSWER_TEXTS].sort());
  });

  test('answers texts as they are', async () => {
    const query = { key_type: 'InstanceKey', instance_id: 'inst' };
    const { result, text } = await client.admin('encode_key', undefined, { query });
    expect(result).toBeUndefined();
    expect(text).toMatch(/[0-9a-f]{10}/);
  });

  test('takes bigints for int64 fields', async () => {
    const cluster = { type: 'COMPUTE', cluster_name: 'cluster', cluster_id: 'cluster', nodes: [] };
    const node = { cloud_unique_id: '1:inst:be1', ip: '10.0.0.1', heartbeat_port: 9050n, ctime: 2n ** 60n };
    await client.admin('add_cluster', { instance_id: 'inst', cluster: { ...cluster, nodes: [node] } });
    const { text } = await client.admin('get_cluster', {
      ...{ cloud_unique_id: '1:inst:be1', cluster_id: 'cluster', cluster_name: 'cluster' },
    });
    expect(text).toContain('"heartbeat_port": 9050');
  });

  test('refuses with its own words, and without the secrets of the request', async () => {
    const body = { ...newInstance('inst'), instance_id: 'secret-of-all/inst' };
    const error = await client.admin('create_instance', body).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AdminError);
    expect(error).toMatchObject({ kind: 'refused', code: 'INVALID_ARGUMENT', http_status: 400, attempts: 1 });
    expect(inspect(error)).not.toMatch(/secret-of-all|access-of-all|a token/);
    const none = client.admin('create_instances', {});
    await expect(none).rejects.toMatchObject({ code: 'NOT_FOUND', http_status: 404 });
  });

  test('does not tell a wrong token, though the service repeats it', async () => {
    const stranger = createClient({ endpoints: proxy.base, token: 'not-the-token' });
    const error = await stranger.admin('get_instance').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'refused', code: 'FORBIDDEN', http_status: 403 });
    expect(inspect(error)).not.toContain('not-the-token');
    stranger.close();
  });

  test('is asked again for what reads, and for nothing else', async () => {
    const query = { instance_id: 'inst' };
    proxy.mode = 'cut_answers';
    const { cuts } = proxy;
    const change = client.admin('create_instance', newInstance('once'));
    await expect(change).rejects.toMatchObject({ kind: 'unavailable', maybe_executed: true, attempts: 1 });
    expect(server.ran('create_instance')).toBe(3);
    const read = client.admin('get_instance', undefined, { query });
    while (proxy.cuts < cuts + 2) await new Promise((resolve) => setTimeout(resolve, 1));
    proxy.mode = 'pass';
    expect((await read).result).toMatchObject({ instance_id: 'inst' });
  });

  test('has a time, and a signal', async () => {
    proxy.mode = 'swallow_answers';
    const late = client.admin('get_instance', undefined, { timeout_ms: 50 });
    await expect(late).rejects.toMatchObject({ kind: 'deadline', maybe_executed: true });
    const aborted = client.admin('get_instance', undefined, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ kind: 'cancelled', attempts: 0 });
    proxy.mode = 'pass';
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import type { Store } from '../../src/kv/store.ts';
import { readRecord, writeRecord } from '../../src/records/message-record.ts';
import { type NodeInfoPB, NodeInfoPBSchema } from '../../src/schema/gen/cloud/cluster_pb.ts';
import { ServiceRegistryPB_ItemSchema, ServiceRegistryPBSchema } from '../../src/schema/gen/cloud/registry_pb.ts';
import { ownAddress } from '../../src/server/neighbours/own-address.ts';
import { type FdbUnderTest, openOnDouble } from '../support/kv/foundationdb/fdb-store.ts';
import { serveStore } from '../support/kv/serve-store.ts';
import type { TestServer } from '../support/run-server.ts';

const ON_A_CLUSTER = {
  kv: 'foundationdb',
  meta_server_register_interval_ms: 100,
  meta_server_lease_ms: 60_000,
} as const;

let opened: FdbUnderTest;
const running: { stop(): Promise<unknown> }[] = [];
beforeEach(async () => {
  opened = await openOnDouble();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await opened.dispose();
});

async function serve(store: Store): Promise<TestServer> {
  const server = await serveStore(store, ON_A_CLUSTER);
  running.push(server);
  return server;
}

const portOf = ({ base }: TestServer) => Number(new URL(base).port);

function registered(): Promise<{ id: string; host: string; port: number }[]> {
  return opened.store.transact(async (txn) => (await readRecord(txn, keys.systemRegistry, {}))?.items ?? []);
}

/** Waits for what another process does in its own time. */
async function eventually<T>(look: () => Promise<T>, is_good: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (is_good(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function call({ base, token }: TestServer, path: string, body: object): Promise<string> {
  const answer = await fetch(`${base}/MetaService/${path}${path.startsWith('http/') ? `?token=${token}` : ''}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return answer.text();
}

/** A Meta Service of another kind, which has entered itself, and the bodies of its calls. */
async function otherService(): Promise<{ readonly told: string[] }> {
  const told: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    told.push(`${request.url} ${body}`);
    response.setHeader('content-type', 'application/json').end('{"status":{"code":"OK","msg":"OK"}}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({ stop: () => new Promise((resolve) => server.close(resolve)) });
  const { port } = server.address() as AddressInfo;
  await opened.store.transact(async (txn) => {
    const registry =
      (await readRecord(txn, keys.systemRegistry, {}, { editable: true })) ?? create(ServiceRegistryPBSchema);
    const [living, dead] = [Date.now() + 60_000, Date.now() - 1];
    const item = { ip: '127.0.0.1', port, ctimeMs: 7n, mtimeMs: 7n };
    registry.items.push(
      create(ServiceRegistryPB_ItemSchema, { ...item, id: `127.0.0.1:${port}`, expirationTimeMs: BigInt(living) }),
      create(ServiceRegistryPB_ItemSchema, { ...item, id: 'dead:1', port: 1, expirationTimeMs: BigInt(dead) }),
    );
    writeRecord(txn, keys.systemRegistry, {}, registry);
  });
  return { told };
}

const INSTANCE = {
  instance_id: 'joe',
  name: 'Joe',
  user_id: 'joe',
  obj_info: {
    ...{ ak: 'ak', sk: 'sk', bucket: 'bucket', prefix: 'prefix', endpoint: 'endpoint.example.com' },
    ...{ external_endpoint: 'endpoint.example.com', region: 'region', provider: 'S3' },
  },
};
const CLUSTER = {
  ...{ cluster_id: 'compute_id', cluster_name: 'compute', type: 'COMPUTE' },
  nodes: [{ cloud_unique_id: 'be1', ip: '10.0.0.1', heartbeat_port: 9050 }],
};

describe('a service on a FoundationDB cluster', () => {
  test('is entered in the registry as Doris enters its own, for as long as it runs', async () => {
    const first = await serve(opened.store);
    const second = await serve(await opened.reopen());
    const ports = [portOf(first), portOf(second)].sort();
    const items = await eventually(registered, ({ length }) => length === 2);
    expect(items.map(({ port }) => port).sort()).toEqual(ports);
    expect(items[0]).toMatchObject({ id: `127.0.0.1:${items[0]?.port}`, ip: '127.0.0.1' });
    await second.stop();
    expect((await registered()).map(({ port }) => port)).toEqual([portOf(first)]);
  });

  test('leaves others in the registry, but for those whose time is over', async () => {
    await otherService();
    const port = portOf(await serve(opened.store));
    const items = await eventually(registered, (all) => all.some((item) => item.port === port));
    expect(items.map(({ id }) => id)).toHaveLength(2);
    expect(items.map(({ id }) => id)).not.toContain('dead:1');
  });

  test('tells the others when nodes have changed, and not when it was told so', async () => {
    const { told } = await otherService();
    const server = await serve(opened.store);
    await call(server, 'http/create_instance', INSTANCE);
    await call(server, 'alter_instance', { instance_id: 'joe', op: 'REFRESH' });
    expect(await call(server, 'http/add_cluster', { instance_id: 'joe', cluster: CLUSTER })).toContain('"OK"');
    await eventually(
      async () => told.length,
      (count) => count > 0,
    );
    expect(told).toEqual(['/MetaService/alter_instance {"instance_id":"joe","op":"REFRESH"}']);
  });

  test('knows a node that another kind of service has registered, and that it was removed once it is told', async () => {
    const server = await serve(opened.store);
    await call(server, 'http/create_instance', INSTANCE);
    await call(server, 'http/add_cluster', { instance_id: 'joe', cluster: CLUSTER });
    const asked = { cloud_unique_id: 'be2', cluster_name: 'compute' };
    expect(await call(server, 'get_cluster', asked)).not.toContain('"OK"');
    const write = (change: (nodes: NodeInfoPB[]) => void) =>
      opened.store.transact(async (txn) => {
        const instance = await readRecord(txn, keys.instance, { instance_id: 'joe' }, { editable: true });
        if (instance === undefined) throw new Error('there is no instance');
        change(instance.clusters[0]?.nodes ?? []);
        writeRecord(txn, keys.instance, { instance_id: 'joe' }, instance);
      });
    await write((nodes) => nodes.push(create(NodeInfoPBSchema, { cloudUniqueId: 'be2', ip: '10.0.0.2' })));
    expect(await call(server, 'get_cluster', asked)).toContain('"OK"');
    await write((nodes) => nodes.pop());
    await call(server, 'alter_instance', { instance_id: 'joe', op: 'REFRESH' });
    expect(await call(server, 'get_cluster', asked)).not.toContain('"OK"');
  });

  test('knows at once what another one like it has registered', async () => {
    const [first, second] = [await serve(opened.store), await serve(await opened.reopen())];
    await call(first, 'http/create_instance', INSTANCE);
    const asked = { cloud_unique_id: 'be1', cluster_name: 'compute' };
    expect(await call(second, 'get_cluster', asked)).not.toContain('"OK"');
    await call(first, 'http/add_cluster', { instance_id: 'joe', cluster: CLUSTER });
    expect(await call(second, 'get_cluster', asked)).toContain('"OK"');
  });
});

describe('the address of a service', () => {
  const found = (address: string, internal = false) =>
    ({ address, internal, family: 'IPv4', netmask: '', mac: '', cidr: null }) as const;
  const interfaces = { lo: [found('127.0.0.1', true)], a: [found('172.17.0.1')], b: [found('10.1.2.3')] };
  const of = (host: string, priority_networks = '') =>
    ownAddress({ listen: { host, port: undefined }, priority_networks }, interfaces);

  test.each([
    ['192.168.0.7', '', '192.168.0.7'],
    ['0.0.0.0', '', '172.17.0.1'],
    ['::', '192.168.0.0/16;10.0.0.0/8', '10.1.2.3'],
    ['0.0.0.0', '192.168.0.0/16', '127.0.0.1'],
  ])('listening on %s, with priority_networks = %j, is %s', (host, networks, address) => {
    expect(of(host, networks)).toBe(address);
  });
});

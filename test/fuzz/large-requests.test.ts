import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../support/fuzz/domain.ts';

/**
 * Requests that are much larger than what they may lead to. Were the work to grow faster than they do, these tests would
 * not come to their end within the time that a test may take.
 */
let domain: Domain;
beforeAll(async () => {
  domain = await openDomain();
  for (const instance_id of ['big', 'other']) {
    const vault = { hdfs_info: { build_conf: { fs_name: 'hdfs://10.0.0.1' } } };
    expect(await domain.admin('create_instance', { instance_id, name: 'name', user_id: 'user', vault })).toMatchObject({
      code: 'OK',
    });
  }
  const cluster = { cluster_name: 'compute', cluster_id: 'compute_id', type: 'COMPUTE', nodes: nodes(1_200) };
  expect(await domain.admin('add_cluster', { instance_id: 'big', cluster })).toMatchObject({ code: 'OK' });
});
afterAll(() => domain.dispose());

function nodes(count: number, from = 0) {
  return Array.from({ length: count }, (_, i) => ({
    cloud_unique_id: `1:big:n${from + i}`,
    ip: `10.${(from + i) >> 16}.${((from + i) >> 8) & 255}.${(from + i) & 255}`,
    heartbeat_port: 9050,
  }));
}

async function refused(work: () => Promise<unknown>, answer: unknown): Promise<void> {
  const before = await domain.version();
  expect(await work()).toMatchObject(answer as object);
  expect(await domain.version()).toBe(before);
}

const TOO_LARGE = { code: 'INVALID_ARGUMENT', msg: expect.stringMatching(/has \d+ bytes; at most 100000 are allowed/) };

describe('an instance that would outgrow its record is refused, and stays as it was', () => {
  test('with 2,000 clusters', async () => {
    let last = await domain.admin('create_instance', { instance_id: 'many', name: 'name', user_id: 'user' });
    let count = 0;
    for (; last.code === 'OK' && count < 2_000; count++) {
      const cluster = {
        cluster_name: `cluster_${'x'.repeat(200)}_${count}`,
        cluster_id: `cluster_id_${'x'.repeat(200)}_${count}`,
        type: 'COMPUTE',
      };
      last = await domain.admin('add_cluster', { instance_id: 'many', cluster });
    }
    expect(last).toMatchObject(TOO_LARGE);
    expect((await domain.instance('many')).clusters).toHaveLength(count - 1);
  });

  test.each(['add_cluster', 'add_node'])('with 5,000 nodes by %s', async (operation) => {
    const cluster = { cluster_name: 'second', cluster_id: 'second_id', type: 'COMPUTE', nodes: nodes(5_000, 100_000) };
    const compute = { ...cluster, cluster_name: 'compute', cluster_id: 'compute_id' };
    const body = { instance_id: 'big', cluster: operation === 'add_node' ? compute : cluster };
    await refused(() => domain.admin(operation, body), TOO_LARGE);
  });

  test.each([
    ['name', { name: 'n'.repeat(5_000_000) }],
    ['user_id', { user_id: 'u'.repeat(5_000_000) }],
  ])('with a %s of 5 MB', (_, given) =>
    refused(
      () => domain.admin('create_instance', { instance_id: 'long', name: 'n1', user_id: 'u1', ...given }),
      TOO_LARGE,
    ),
  );

  test('with an id that no key can hold', () =>
    refused(() => domain.admin('create_instance', { instance_id: 'i'.repeat(5_000_000), name: 'n1' }), {
      code: 'INVALID_ARGUMENT',
      msg: expect.stringMatching(/key has \d+ bytes/),
    }));
});

describe('by RPC, where a node may be named twice', () => {
  test('10,000 nodes are added to none', async () => {
    const given = nodes(10_000, 100_000).map(({ cloud_unique_id, ip }) => ({
      cloudUniqueId: cloud_unique_id,
      ip,
      heartbeatPort: 1,
    }));
    const request = { instanceId: 'big', op: 3, cluster: { clusterId: 'compute_id', type: 1, nodes: given } } as const;
    expect(await domain.status(rpc.alter_cluster, request)).toMatch(/^INVALID_ARGUMENT A value has/);
  });

  test.each([
    ['the same node', () => 1_199],
    ['each node again and again', (i: number) => i % 1_200],
    ['nodes that are not there', (i: number) => 1_200 + i],
  ])('10,000 times %s is dropped, or marked, at once', async (_, which) => {
    const all = nodes(11_200);
    const given = Array.from({ length: 10_000 }, (_unused, i) => {
      const node = all[which(i)];
      return { cloudUniqueId: node?.cloud_unique_id ?? '', ip: node?.ip ?? '', heartbeatPort: 9050 };
    });
    const cluster = { clusterId: 'compute_id', type: 1, nodes: given } as const;
    const gone = which(0) === 1_200;
    expect(await domain.status(rpc.alter_cluster, { instanceId: 'big', op: 7, cluster })).toBe(
      gone ? 'UNDEFINED_ERR cloud_unique_id not found' : 'OK',
    );
    expect(await domain.status(rpc.alter_cluster, { instanceId: 'big', op: 4, cluster })).toBe('OK');
    const left = (await domain.instance('big')).clusters[0]?.nodes ?? [];
    expect(left).toHaveLength(gone ? 1_200 : 1_200 - new Set(given.map((node) => node.cloudUniqueId)).size);
    await domain.status(rpc.alter_cluster, { instanceId: 'big', op: 2, cluster: { clusterId: 'compute_id' } });
    const compute = { cluster_name: 'compute', cluster_id: 'compute_id', type: 'COMPUTE', nodes: nodes(1_200) };
    expect(await domain.admin('add_cluster', { instance_id: 'big', cluster: compute })).toMatchObject({ code: 'OK' });
  });
});

test.each(['add_cluster', 'add_node', 'drop_node', 'decommission_node'])(
  '%s takes no more than 10,000 nodes',
  async (operation) => {
    const cluster = { cluster_name: 'compute', cluster_id: 'compute_id', type: 'COMPUTE', nodes: nodes(30_000) };
    const msg = 'a request may name at most 10000 nodes, and names 30000';
    await refused(() => domain.admin(operation, { instance_id: 'big', cluster }), { code: 'INVALID_ARGUMENT', msg });
  },
);

describe('texts of megabytes', () => {
  const LONG = 3_000_000;

  test.each([
    ['slashes', `x${'/'.repeat(LONG)}x`],
    ['blanks', `x${' '.repeat(LONG)}x`],
  ])('of %s in a prefix', async (_, prefix) => {
    const obj_info = {
      ...{ ak: 'a', sk: 's', bucket: 'b', endpoint: 'e', external_endpoint: 'x', region: 'r', provider: 'S3' },
      prefix,
    };
    await refused(() => domain.admin('create_instance', { instance_id: 'long', obj_info }), TOO_LARGE);
    const hdfs_info = { prefix, build_conf: { fs_name: prefix } };
    await refused(() => domain.admin('create_instance', { instance_id: 'long', vault: { hdfs_info } }), TOO_LARGE);
  });

  test.each(['blanks', 'colons'])('of %s in an id', async (what) => {
    const text = (what === 'blanks' ? ' ' : ':').repeat(LONG);
    const answer = await domain.admin('get_cluster', { cloud_unique_id: '1:big:x', cluster_name: text });
    expect(answer).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    const unknown = await domain.admin('get_cluster', { cloud_unique_id: `1:${text}` });
    expect(unknown).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT' });
  });

  test('leave lines of bounded length in the log', async () => {
    domain.log.length = 0;
    const user_id = 'u'.repeat(LONG);
    expect(await domain.admin('alter_ram_user', { instance_id: 'big', ram_user: { user_id } })).toMatchObject({
      status: 400,
    });
    expect(domain.log).toHaveLength(1);
    expect(domain.log[0]?.length).toBeLessThan(5_000);
  });
});

test('200,000 settings of HDFS are too many, and no more than that', async () => {
  const hdfs_confs = Array.from({ length: 200_000 }, () => ({ key: 'k', value: 'v' }));
  const vault = { name: 'built_in_storage_vault', hdfsInfo: { buildConf: { hdfsConfs: hdfs_confs } } };
  const request = { cloudUniqueId: '1:other:x', op: 106, vault } as const;
  expect(await domain.status(rpc.alter_storage_vault, request)).toMatch(/^INVALID_ARGUMENT A value has/);
});

test('an instance asked for again and again is no way to fill the memory', async () => {
  for (let i = 0; i < 100; i++) {
    const cluster = { cluster_name: `c${i}`, cluster_id: `c${i}`, type: 'COMPUTE' };
    expect(await domain.admin('add_cluster', { instance_id: 'other', cluster })).toMatchObject({ code: 'OK' });
  }
  const twice = await domain.admin('get_cluster_status', { instance_ids: ['other', 'other'] });
  expect(twice.result?.details).toHaveLength(2);
  const often = await domain.admin('get_cluster_status', {
    instance_ids: Array.from({ length: 300_000 }, () => 'other'),
  });
  expect(often).toMatchObject({ status: 400, msg: expect.stringMatching(/more than 100000 clusters/) });
  const nowhere = Array.from({ length: 1_000_000 }, (_, i) => (i % 2 === 0 ? 'nobody' : '1:nowhere:x'));
  expect(await domain.admin('get_cluster_status', { cloud_unique_ids: nowhere })).toMatchObject({ status: 200 });
});

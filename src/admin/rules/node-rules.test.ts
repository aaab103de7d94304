import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminReply, type Domain, openDomain } from '../../../test/support/fuzz/domain.ts';
import {
  backend,
  createTwoInstances,
  frontend,
  nodesOf,
  onCluster,
  refusalProblem,
} from '../../../test/support/fuzz/two-instances.ts';

let domain: Domain;
beforeEach(async () => {
  domain = await openDomain();
  await createTwoInstances(domain);
});
afterEach(() => domain.dispose());

function on(operation: string, cluster: object, instance_id?: string): Promise<AdminReply> {
  return onCluster(domain, operation, cluster, instance_id);
}

const OK = { status: 200, code: 'OK', msg: '' };
const [INVALID, EXISTS, FAILED] = [400, 409, 500] as const;

async function refused(reply: Promise<AdminReply>, status: number, msg: RegExp): Promise<void> {
  expect(await refusalProblem(domain, reply, status, msg)).toBeUndefined();
}

describe('the id of a node', () => {
  test.each(['a', 'plain_id-1', '0', '1:i:x', '1:j:of_another', '1:i:-_'])('may be %s', async (id) => {
    expect(await on('add_node', { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [backend(id)] })).toMatchObject(OK);
    expect(await nodesOf(domain, 'compute_id')).toEqual(['1:i:be1', 'plain', id]);
  });

  const shape = /cloud_unique_id must be 1:<instance_id>:<string> or a plain <string>/;
  const malformed = ['1:i', '1:i:', ':i:x', '2:i:x', '01:i:x', '1:i:x:y', 'a b', 'a.b', 'é', 'a\n', '1:i:x\n', '1::x'];

  test.each<[id: string, msg: RegExp]>([
    ['', /cloud_unique_id must be given/],
    ['1:no_such_instance:x', /names an instance that does not exist, instance_id=no_such_instance/],
    ['1:__proto__:x', /does not exist, instance_id=__proto__/],
    ...malformed.map((id): [string, RegExp] => [id, shape]),
  ])('may not be %j', async (id, msg) => {
    const nodes = [backend('fine'), backend(id)];
    await refused(on('add_node', { cluster_id: 'compute_id', type: 'COMPUTE', nodes }), INVALID, msg);
    await refused(on('add_cluster', { cluster_id: 'c', cluster_name: 'cc', type: 'COMPUTE', nodes }), INVALID, msg);
  });

  test.each([
    [
      'in this cluster',
      [backend('plain')],
      /instance_id=i cluster_name=compute cluster_id=compute_id cloud_unique_id=plain/,
    ],
    ['in another, at another address', [backend('1:i:fe1', { ip: 'x' })], /cluster_name=sql cluster_id=sql_id/],
    [
      'twice in one request',
      [backend('twice'), backend('other'), backend('twice', { ip: 'x' })],
      /cloud_unique_id=twice/,
    ],
  ])('is used once: not %s', async (_, nodes, msg) => {
    const occupied = new RegExp(`already occupied by an instance, .*${msg.source}`);
    await refused(on('add_node', { cluster_id: 'compute_id', type: 'COMPUTE', nodes }), FAILED, occupied);
    const cluster = { cluster_id: 'c', cluster_name: 'cc', type: 'COMPUTE', nodes };
    await refused(on('add_cluster', cluster, 'j'), FAILED, occupied);
  });

  test('is free again when its node or its cluster is dropped', async () => {
    const plain = { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [backend('plain')] };
    expect(await on('drop_node', plain)).toMatchObject(OK);
    expect(
      await on('add_cluster', { cluster_id: 'c', cluster_name: 'cc', type: 'COMPUTE', nodes: [backend('plain')] }, 'j'),
    ).toMatchObject(OK);
    expect(await on('drop_cluster', { cluster_id: 'c' }, 'j')).toMatchObject(OK);
    expect(await on('add_node', plain)).toMatchObject(OK);
  });

  test('comes after the id and the name of the cluster', async () => {
    const cluster = { cluster_id: 'compute_id', cluster_name: 'other', type: 'COMPUTE', nodes: [backend('plain')] };
    await refused(
      on('add_cluster', cluster),
      EXISTS,
      /try to add a existing cluster id, existing_cluster_id=compute_id/,
    );
    await refused(
      on('add_cluster', { ...cluster, cluster_id: 'c', cluster_name: 'sql' }),
      EXISTS,
      /existing cluster name/,
    );
  });

  test('may stand beside the address of another node', async () => {
    expect(
      await on('add_node', { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [backend('same_address')] }),
    ).toMatchObject(OK);
    expect(await nodesOf(domain, 'compute_id')).toEqual(['1:i:be1', 'plain', 'same_address']);
  });
});

describe('ports and addresses', () => {
  test.each([0, -1, 65_536, 2_147_483_647])('%d is no port', async (port) => {
    const be = { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [backend('x', { heartbeat_port: port })] };
    await refused(on('add_node', be), INVALID, /heartbeat_port must be a port, from 1 to 65535/);
    const fe = { cluster_id: 'sql_id', type: 'SQL', nodes: [frontend('x', 'FE_OBSERVER', { edit_log_port: port })] };
    await refused(on('add_node', fe), INVALID, /edit_log_port must be a port/);
  });

  test.each([1, 65_535])('%d is one', async (port) => {
    const nodes = [backend('x', { heartbeat_port: port })];
    expect(await on('add_node', { cluster_id: 'compute_id', type: 'COMPUTE', nodes })).toMatchObject(OK);
  });

  test('a node is reached by an ip or a host', async () => {
    const cluster = { cluster_id: 'compute_id', type: 'COMPUTE' };
    const nowhere = { cloud_unique_id: 'x', heartbeat_port: 1 };
    await refused(on('add_node', { ...cluster, nodes: [nowhere] }), INVALID, /must have an ip or a host/);
    expect(await on('add_node', { ...cluster, nodes: [{ ...nowhere, host: 'h' }] })).toMatchObject(OK);
  });
});

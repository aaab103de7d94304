import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  ClusterPB_Type as ClusterType,
  NodeStatusPB,
  NodeInfoPB_NodeType as NodeType,
  AlterClusterRequest_Operation as Operation,
} from '../../schema/gen/cloud/cluster_pb.ts';

let now = 1_000;
let domain: Domain;
beforeEach(async () => {
  now = 1_000;
  domain = await openDomain({ now: () => now });
  await create('i');
});
afterEach(() => domain.dispose());

interface Node {
  readonly cloudUniqueId?: string;
  readonly ip?: string;
  readonly host?: string;
  readonly heartbeatPort?: number;
  readonly editLogPort?: number;
  readonly nodeType?: NodeType;
}

async function create(instanceId: string): Promise<void> {
  expect(await domain.status(rpc.create_instance, { instanceId })).toBe('OK');
}

function alter(
  op: Operation,
  cluster: { clusterId?: string; clusterName?: string; nodes?: Node[]; type?: ClusterType },
) {
  return domain.status(rpc.alter_cluster, { instanceId: 'i', op, cluster: { type: ClusterType.COMPUTE, ...cluster } });
}

function backend(id: string, ip = `10.0.0.${id}`): Node {
  return { cloudUniqueId: id, ip, heartbeatPort: 9050 };
}

function frontend(id: string, nodeType: NodeType): Node {
  return { cloudUniqueId: id, ip: `10.1.0.${id}`, editLogPort: 9010, nodeType };
}

async function nodesIn(position = 0): Promise<string[]> {
  return ((await domain.instance('i')).clusters[position]?.nodes ?? []).map((node) => node.cloudUniqueId);
}

/** Runs calls that must all be refused, and checks that nothing was written. */
async function refused(status: Promise<string>, expected: string | RegExp): Promise<void> {
  const before = await domain.version();
  expect(await status).toMatch(expected);
  expect(await domain.version()).toBe(before);
}

describe('adding nodes by RPC', () => {
  beforeEach(() => alter(Operation.ADD_CLUSTER, { clusterId: 'c1', clusterName: 'n1', nodes: [backend('1')] }));

  test('gives them a state and times', async () => {
    now = 2_000;
    expect(await alter(Operation.ADD_NODE, { clusterId: 'c1', nodes: [backend('2')] })).toBe('OK');
    const node = (await domain.instance('i')).clusters[0]?.nodes[1];
    expect(node).toMatchObject({ status: NodeStatusPB.NODE_STATUS_RUNNING, ctime: 2_000n, mtime: 2_000n });
  });

  test('an address that is there already is the same node, by ip or by host', async () => {
    await alter(Operation.ADD_NODE, { clusterId: 'c1', nodes: [backend('other', '10.0.0.1')] });
    await alter(Operation.ADD_NODE, { clusterId: 'c1', nodes: [{ ...backend('2'), host: 'h' }] });
    await alter(Operation.ADD_NODE, {
      clusterId: 'c1',
      nodes: [{ ...backend('3'), host: 'h' }, backend('4'), backend('5', '10.0.0.4')],
    });
    expect(await nodesIn()).toEqual(['1', '2', '4']);
    await alter(Operation.ADD_NODE, { clusterId: 'c1', nodes: [{ ...backend('6', '10.0.0.1'), heartbeatPort: 9051 }] });
    expect(await nodesIn()).toEqual(['1', '2', '4', '6']);
  });

  test('a cluster without a name takes none that were meant for another', async () => {
    expect(await alter(Operation.ADD_CLUSTER, { clusterId: 'nameless', nodes: [backend('9')] })).toBe('OK');
    expect(await alter(Operation.ADD_NODE, { clusterId: 'c1', nodes: [backend('2')] })).toBe('OK');
    expect(await alter(Operation.DROP_NODE, { clusterId: 'c1', nodes: [backend('9')] })).toBe('OK');
    expect([await nodesIn(0), await nodesIn(1)]).toEqual([['1', '2'], ['9']]);
  });

  test.each([
    [
      'an id of another instance',
      { nodes: [backend('2'), backend('foreign')] },
      /^UNDEFINED_ERR cloud_unique_id is already occupied by an instance, instance_id=j /,
    ],
    ['no nodes', { nodes: [] }, /^UNDEFINED_ERR to_add and to_del both empty/],
    [
      'a node without a port',
      { nodes: [backend('2'), { cloudUniqueId: '3', ip: 'x' }] },
      /^UNDEFINED_ERR check cluster params failed/,
    ],
  ])('%s is refused, with all of the request', async (_, given, expected) => {
    await create('j');
    const other = { clusterId: 'c', clusterName: 'c', type: ClusterType.COMPUTE, nodes: [backend('foreign')] };
    await domain.status(rpc.alter_cluster, { instanceId: 'j', op: Operation.ADD_CLUSTER, cluster: other });
    await refused(alter(Operation.ADD_NODE, { clusterId: 'c1', ...given }), expected);
  });
});

describe('dropping nodes by RPC', () => {
  test('takes out those that are there, once for each time they are given', async () => {
    const twice = [backend('1'), backend('2'), backend('1'), backend('3')];
    await alter(Operation.ADD_CLUSTER, { clusterId: 'c1', nodes: twice });
    expect(
      await alter(Operation.DROP_NODE, { clusterId: 'c1', nodes: [backend('1'), backend('3', 'elsewhere')] }),
    ).toBe('OK');
    expect(await nodesIn()).toEqual(['2', '1', '3']);
    expect(
      await alter(Operation.DROP_NODE, { clusterId: 'c1', nodes: [backend('1'), backend('1'), backend('2')] }),
    ).toBe('OK');
    expect(await nodesIn()).toEqual(['3']);
  });

  test('leaves frontends that can work', async () => {
    const nodes = [frontend('1', NodeType.FE_MASTER), frontend('2', NodeType.FE_OBSERVER)];
    const sql = { clusterId: 'c1', type: ClusterType.SQL };
    await alter(Operation.ADD_CLUSTER, { ...sql, nodes });
    await refused(
      alter(Operation.DROP_NODE, { ...sql, nodes: [frontend('1', NodeType.FE_MASTER)] }),
      /instance invalid/,
    );
    expect(await alter(Operation.DROP_NODE, { ...sql, nodes: [frontend('2', NodeType.FE_OBSERVER)] })).toBe('OK');
  });

  test('can take followers from beside a master, where both have come together', async () => {
    const sql = { clusterId: 'c1', type: ClusterType.SQL };
    await alter(Operation.ADD_CLUSTER, { ...sql, nodes: [frontend('1', NodeType.FE_MASTER)] });
    const followers = [frontend('2', NodeType.FE_FOLLOWER), frontend('3', NodeType.FE_FOLLOWER)];
    expect(await alter(Operation.ADD_NODE, { ...sql, nodes: followers })).toBe('OK');
    expect(await alter(Operation.DROP_NODE, { ...sql, nodes: [frontend('3', NodeType.FE_FOLLOWER)] })).toBe('OK');
    expect(await alter(Operation.DROP_NODE, { ...sql, nodes: [frontend('1', NodeType.FE_MASTER)] })).toBe('OK');
    await refused(
      alter(Operation.DROP_NODE, { ...sql, nodes: [frontend('2', NodeType.FE_FOLLOWER)] }),
      /instance invalid/,
    );
    expect(await nodesIn()).toEqual(['2']);
  });
});

describe.each([
  [Operation.DECOMMISSION_NODE, NodeStatusPB.NODE_STATUS_DECOMMISSIONING],
  [Operation.NOTIFY_DECOMMISSIONED, NodeStatusPB.NODE_STATUS_DECOMMISSIONED],
])('marking nodes, operation %s', (op, status) => {
  beforeEach(() =>
    alter(Operation.ADD_CLUSTER, { clusterId: 'c1', nodes: [backend('1'), backend('2'), backend('3')] }),
  );

  test('moves them to the end, with a new state and time', async () => {
    now = 3_000;
    expect(await alter(op, { clusterId: 'c1', nodes: [backend('2'), backend('1'), backend('2')] })).toBe('OK');
    expect(await nodesIn()).toEqual(['3', '2', '1']);
    const node = (await domain.instance('i')).clusters[0]?.nodes[2];
    expect(node).toMatchObject({ status, ctime: 1_000n, mtime: 3_000n });
  });

  test('a marked node can be marked again and dropped, and its id is still taken', async () => {
    await alter(op, { clusterId: 'c1', nodes: [backend('1')] });
    expect(await alter(op, { clusterId: 'c1', nodes: [backend('1')] })).toBe('OK');
    await create('j');
    const other = { clusterId: 'c', type: ClusterType.COMPUTE, nodes: [backend('1')] };
    const taken = domain.status(rpc.alter_cluster, { instanceId: 'j', op: Operation.ADD_CLUSTER, cluster: other });
    expect(await taken).toMatch(/^ALREADY_EXISTED cloud_unique_id is already occupied/);
    expect(await alter(Operation.DROP_NODE, { clusterId: 'c1', nodes: [backend('1')] })).toBe('OK');
  });

  test.each([
    ['a node that is nowhere', [backend('9')], 'UNDEFINED_ERR cloud_unique_id not found'],
    ['a node after one that is there', [backend('1'), backend('9')], 'UNDEFINED_ERR cloud_unique_id not found'],
    ['another address', [backend('1', 'elsewhere')], 'UNDEFINED_ERR to_add and to_del both empty or both not empty'],
    ['an empty id', [backend('')], 'UNDEFINED_ERR cloud_unique_id not found'],
    ['no nodes at all', [], 'UNDEFINED_ERR to_add and to_del both empty or both not empty'],
  ])('%s is refused', (_, nodes, expected) => refused(alter(op, { clusterId: 'c1', nodes }), expected));

  test('an instance that is not there, and one that was dropped', async () => {
    const cluster = { type: ClusterType.COMPUTE, clusterId: 'c1', nodes: [backend('1')] };
    await refused(
      domain.status(rpc.alter_cluster, { instanceId: 'none', op, cluster }),
      /^UNDEFINED_ERR failed to get instance/,
    );
    await create('gone');
    await domain.status(rpc.alter_instance, { instanceId: 'gone', op: 1 });
    await refused(domain.status(rpc.alter_cluster, { instanceId: 'gone', op, cluster }), /has been set delete/);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  ClusterStatus,
  ClusterPB_Type as ClusterType,
  AlterClusterRequest_Operation as Operation,
} from '../../schema/gen/cloud/cluster_pb.ts';

let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  const nodes = [{ cloudUniqueId: 'be', ip: 'ip', heartbeatPort: 1 }];
  for (const cluster of [
    { clusterId: 'empty_id', clusterName: 'empty' },
    { clusterId: 'full_id', clusterName: 'full', nodes },
    { clusterId: 'other_id', clusterName: 'other' },
  ]) {
    expect(await alter(Operation.ADD_CLUSTER, { ...cluster, type: ClusterType.COMPUTE })).toBe('OK');
  }
});
afterEach(() => domain.dispose());

function alter(op: Operation, cluster: object, more: object = {}): Promise<string> {
  return domain.status(rpc.alter_cluster, { instanceId: 'i', op, cluster, ...more });
}

async function names(): Promise<string[]> {
  return (await domain.instance('i')).clusters.map(({ clusterId, clusterName }) => `${clusterId}=${clusterName}`);
}

describe('a new name', () => {
  const replace = { replaceIfExistingEmptyTargetCluster: true };

  test('that another cluster has is refused', async () => {
    const before = await names();
    for (const clusterName of ['empty', 'full', 'other']) {
      const status = await alter(Operation.RENAME_CLUSTER, { clusterId: 'other_id', clusterName });
      expect(status).toMatch(/^INVALID_ARGUMENT failed to rename cluster, a cluster with the same name already exists/);
    }
    expect(await names()).toEqual(before);
  });

  test('takes the place of an empty cluster that has it, where the request says so', async () => {
    expect(await alter(Operation.RENAME_CLUSTER, { clusterId: 'full_id', clusterName: 'empty' }, replace)).toBe('OK');
    expect(await names()).toEqual(['full_id=empty', 'other_id=other']);
  });

  test('does not take the place of a cluster with nodes, nor of the cluster itself', async () => {
    const before = await names();
    for (const clusterName of ['full', 'other']) {
      const status = await alter(Operation.RENAME_CLUSTER, { clusterId: 'other_id', clusterName }, replace);
      expect(status).toMatch(/^INVALID_ARGUMENT/);
    }
    const unknown = await alter(Operation.RENAME_CLUSTER, { clusterId: 'no_such_id', clusterName: 'empty' }, replace);
    expect(unknown).toMatch(/^UNDEFINED_ERR failed to find cluster to update/);
    expect(await names()).toEqual(before);
  });

  test('is the one under which errors name the cluster of a node', async () => {
    await alter(Operation.RENAME_CLUSTER, { clusterId: 'full_id', clusterName: 'renamed' });
    await domain.call(rpc.create_instance, { instanceId: 'j' });
    const cluster = {
      type: ClusterType.COMPUTE,
      clusterId: 'c',
      nodes: [{ cloudUniqueId: 'be', ip: 'x', heartbeatPort: 2 }],
    };
    const status = await domain.status(rpc.alter_cluster, { instanceId: 'j', op: Operation.ADD_CLUSTER, cluster });
    expect(status).toContain('cluster_name=renamed cluster_id=full_id');
  });
});

test('frontends may make moves between states that the document does not have', async () => {
  const set = (clusterStatus: ClusterStatus) =>
    alter(Operation.SET_CLUSTER_STATUS, { clusterId: 'full_id', clusterStatus });
  expect(await set(ClusterStatus.MANUAL_SHUTDOWN)).toBe('OK');
  expect(await set(ClusterStatus.SUSPENDED)).toBe(
    'INVALID_ARGUMENT failed to set cluster status, original cluster is MANUAL_SHUTDOWN and want set SUSPENDED',
  );
  expect(await set(ClusterStatus.NORMAL)).toBe('OK');
  expect(await set(ClusterStatus.SUSPENDED)).toBe('OK');
  expect(await set(ClusterStatus.NORMAL)).toBe('OK');
});

test('users and addresses are replaced as a whole, and an address for clients within is needed', async () => {
  const cluster = { clusterId: 'full_id', mysqlUserName: ['a', 'b'], publicEndpoint: 'p', privateEndpoint: 'q' };
  expect(await alter(Operation.UPDATE_CLUSTER_MYSQL_USER_NAME, cluster)).toBe('OK');
  expect(await alter(Operation.UPDATE_CLUSTER_ENDPOINT, cluster)).toBe('OK');
  expect(await alter(Operation.UPDATE_CLUSTER_MYSQL_USER_NAME, { clusterId: 'full_id' })).toBe('OK');
  const missing = await alter(Operation.UPDATE_CLUSTER_ENDPOINT, { clusterId: 'full_id', publicEndpoint: 'x' });
  expect(missing).toBe('CLUSTER_ENDPOINT_MISSING missing private endpoint');
  expect((await domain.instance('i')).clusters[1]).toMatchObject({
    mysqlUserName: [],
    publicEndpoint: 'p',
    privateEndpoint: 'q',
  });
});

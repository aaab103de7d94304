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
const [INVALID, NOT_FOUND, EXISTS, FAILED] = [400, 404, 409, 500] as const;

async function refused(reply: Promise<AdminReply>, status: number, msg: RegExp): Promise<void> {
  expect(await refusalProblem(domain, reply, status, msg)).toBeUndefined();
}

describe('a name and an id that do not belong together', () => {
  test.each([
    ['drop_cluster', {}, /failed to find cluster to drop/],
    ['update_cluster_endpoint', { private_endpoint: 'p' }, /failed to find cluster to update/],
    ['update_cluster_mysql_user_name', { mysql_user_name: ['u'] }, /failed to find cluster to update/],
    ['set_cluster_status', { cluster_status: 'SUSPENDED' }, /failed to find cluster to update/],
    ['add_node', { type: 'COMPUTE', nodes: [backend('new')] }, /failed to find cluster to update/],
    ['drop_node', { type: 'COMPUTE', nodes: [backend('plain')] }, /can not find to drop node/],
    ['decommission_node', { type: 'COMPUTE', nodes: [backend('plain')] }, /failed to find cluster to update/],
    ['notify_decommissioned', { type: 'COMPUTE', nodes: [backend('plain')] }, /failed to find cluster to update/],
  ])('are refused by %s', async (operation, more, msg) => {
    await refused(on(operation, { cluster_name: 'compute', cluster_id: 'empty_id', ...more }), FAILED, msg);
    await refused(on(operation, { cluster_name: 'no_such', cluster_id: 'compute_id', ...more }), FAILED, msg);
    expect(await on(operation, { cluster_name: 'compute', cluster_id: 'compute_id', ...more })).toMatchObject(OK);
  });

  test.each(['add_node', 'drop_node'])('are no cluster when neither is given to %s', (operation) =>
    refused(
      on(operation, { type: 'COMPUTE', nodes: [backend('plain')] }),
      INVALID,
      /cluster_id or cluster_name must be given/,
    ),
  );
});

test.each(['drop_node', 'decommission_node', 'notify_decommissioned'])(
  '%s takes no nodes of another type',
  (operation) =>
    refused(
      on(operation, { cluster_id: 'compute_id', type: 'SQL', nodes: [backend('plain')] }),
      INVALID,
      /of type COMPUTE, and has no nodes of type SQL/,
    ),
);

describe('frontends', () => {
  test('of any cluster keep one that can lead', async () => {
    const second = { cluster_id: 'sql2_id', cluster_name: 'sql2', type: 'SQL' };
    const master = frontend('m2', 'FE_MASTER');
    expect(await on('add_cluster', { ...second, nodes: [master] })).toMatchObject(OK);
    await refused(on('drop_node', { ...second, nodes: [master] }), FAILED, /instance invalid/);
  });

  const sql = { cluster_id: 'sql_id', cluster_name: 'sql', type: 'SQL' };

  test('join a master as observers only', async () => {
    await refused(on('add_node', { ...sql, nodes: [frontend('f', 'FE_FOLLOWER')] }), INVALID, /multi follower mode/);
    await refused(
      on('add_node', { ...sql, nodes: [frontend('f', 'FE_MASTER')] }),
      INVALID,
      /only one master node, now master count: 2/,
    );
    await refused(on('add_node', { ...sql, nodes: [frontend('f', undefined)] }), INVALID, /node_type must be/);
    await refused(
      on('add_node', { ...sql, nodes: [frontend('f', 'FE_KING')] }),
      INVALID,
      /node_type has a value that is not one of its names/,
    );
    expect(await on('add_node', { ...sql, nodes: [frontend('f', 'FE_OBSERVER')] })).toMatchObject(OK);
  });

  test('join followers as followers and observers', async () => {
    const followers = { cluster_id: 'f', cluster_name: 'ff', type: 'SQL', nodes: [frontend('f1', 'FE_FOLLOWER')] };
    expect(await on('add_cluster', followers, 'j')).toMatchObject(OK);
    await refused(
      on('add_node', { ...followers, nodes: [frontend('f2', 'FE_MASTER')] }, 'j'),
      INVALID,
      /multi follower mode/,
    );
    const more = [frontend('f2', 'FE_FOLLOWER'), frontend('f3', 'FE_OBSERVER')];
    expect(await on('add_node', { ...followers, nodes: more }, 'j')).toMatchObject(OK);
  });

  test.each([[[]], [['FE_OBSERVER']], [['FE_MASTER', 'FE_MASTER']], [['FE_MASTER', 'FE_FOLLOWER']]])(
    'are no cluster as %j',
    (types) =>
      refused(
        on(
          'add_cluster',
          { cluster_id: 'f', cluster_name: 'ff', type: 'SQL', nodes: types.map((type, i) => frontend(`f${i}`, type)) },
          'j',
        ),
        INVALID,
        /cluster is SQL type/,
      ),
  );

  test('do not leave without the last that can lead', async () => {
    await on('add_node', { ...sql, nodes: [frontend('f', 'FE_OBSERVER')] });
    await refused(
      on('drop_node', { ...sql, nodes: [frontend('1:i:fe1', 'FE_MASTER')] }),
      FAILED,
      /instance invalid, cant modify/,
    );
    const both = [frontend('f', 'FE_OBSERVER'), frontend('not_there', 'FE_OBSERVER')];
    await refused(
      on('drop_node', { ...sql, nodes: both }),
      FAILED,
      /can not find to drop node.*cloud_unique_id=not_there/,
    );
    expect(await nodesOf(domain, 'sql_id')).toEqual(['1:i:fe1', 'f']);
  });

  test('are no nodes of a compute cluster, nor backends of a cluster of frontends', async () => {
    await refused(
      on('add_node', { ...sql, type: 'COMPUTE', nodes: [backend('b')] }),
      INVALID,
      /of type SQL, and has no nodes of type COMPUTE/,
    );
    const compute = { cluster_id: 'compute_id', type: 'SQL', nodes: [frontend('f', 'FE_OBSERVER')] };
    await refused(on('add_node', compute), INVALID, /of type COMPUTE, and has no nodes of type SQL/);
  });
});

describe.each(['decommission_node', 'notify_decommissioned'])('%s', (operation) => {
  const compute = { cluster_id: 'compute_id', type: 'COMPUTE' };

  test.each([
    ['nodes that are not there', { ...compute, nodes: [backend('x')] }, /cloud_unique_id not found/],
    ['no nodes', { ...compute, nodes: [] }, /to_add and to_del both empty/],
    ['nodes left out', compute, /to_add and to_del both empty/],
    ['an empty node', { ...compute, nodes: [{}] }, /check cluster params failed/],
    ['no type', { cluster_id: 'compute_id', nodes: [backend('plain')] }, /cluster must have type arg/],
    [
      'a cluster that is not there',
      { ...compute, cluster_id: 'x', nodes: [backend('plain')] },
      /failed to find cluster to update/,
    ],
  ])('is refused with %s', (_, cluster, msg) => refused(on(operation, cluster), FAILED, msg));

  test('is refused without a cluster, and without an instance', async () => {
    await refused(domain.admin(operation, { instance_id: 'i' }), INVALID, /instance_id or cluster not given/);
    await refused(domain.admin(operation, { cluster: compute }), INVALID, /instance_id or cluster not given/);
    await refused(
      domain.admin(operation, { cloud_unique_id: 'nobody', cluster: compute }),
      INVALID,
      /empty instance_id/,
    );
  });

  test('finds the instance by a node too', async () => {
    const body = { cloud_unique_id: 'plain', cluster: { ...compute, nodes: [backend('plain')] } };
    expect(await domain.admin(operation, body)).toMatchObject(OK);
  });
});

describe('the state of a cluster', () => {
  const set = (cluster_status: unknown) => on('set_cluster_status', { cluster_id: 'compute_id', cluster_status });

  test('moves along the four ways of the document', async () => {
    await refused(set('NORMAL'), INVALID, /status eq original status/);
    await refused(set('TO_RESUME'), INVALID, /original cluster is NORMAL and want set TO_RESUME/);
    await refused(set('MANUAL_SHUTDOWN'), INVALID, /want set MANUAL_SHUTDOWN/);
    for (const status of ['SUSPENDED', 'TO_RESUME', 'NORMAL', 'STOPPED']) expect(await set(status)).toMatchObject(OK);
    await refused(set('NORMAL'), INVALID, /original cluster is SUSPENDED and want set NORMAL/);
    await refused(set('ASLEEP'), INVALID, /cluster_status has a value that is not one of its names/);
    await refused(set(99), INVALID, /cluster_status has a value that is not one of its names/);
  });

  test('is asked for by the names of the document', async () => {
    await set('STOPPED');
    const { result } = await domain.admin('get_cluster_status', { instance_ids: ['i'], status: 'STOPPED' });
    expect(result?.details).toMatchObject([{ clusters: [{ cluster_id: 'compute_id', cluster_status: 'SUSPENDED' }] }]);
  });
});

describe('get_cluster', () => {
  test('finds the instance by its id, unless a node is named', async () => {
    const body = { instance_id: 'i', cluster_id: 'compute_id' };
    expect(await domain.admin('get_cluster', body)).toMatchObject({ code: 'OK', result: { cluster_name: 'compute' } });
    const other = { ...body, cloud_unique_id: '1:j:x' };
    expect(await domain.admin('get_cluster', other)).toMatchObject({ status: NOT_FOUND, code: 'NOT_FOUND' });
    const unknown = { ...body, cloud_unique_id: 'nobody' };
    expect(await domain.admin('get_cluster', unknown)).toMatchObject({ code: 'OK' });
    expect(await domain.admin('get_cluster', { cluster_id: 'compute_id' })).toMatchObject({ status: INVALID });
  });
});

describe('under the rules of the reference', () => {
  beforeEach(async () => {
    await domain.dispose();
    domain = await openDomain({ settings: { admin_rules: 'reference' } });
    await createTwoInstances(domain);
  });

  test.each([
    [
      'add_cluster',
      {
        cluster_id: 'odd id',
        cluster_name: '1 name',
        type: 'COMPUTE',
        nodes: [backend('a b:c', { heartbeat_port: -1 })],
      },
    ],
    ['add_cluster', { cluster_id: 'c', cluster_name: 'cc', type: 'COMPUTE', nodes: [backend('plain')] }],
    ['add_cluster', { cluster_id: 'c', type: 'COMPUTE', nodes: [backend('twice'), backend('twice')] }],
    ['add_node', { cluster_id: 'no_such', type: 'COMPUTE', nodes: [backend('x')] }],
    ['add_node', { type: 'COMPUTE', nodes: [backend('x')] }],
    [
      'add_node',
      {
        cluster_id: 'compute_id',
        cluster_name: 'empty',
        type: 'COMPUTE',
        nodes: [backend('1:no_such:x', { ip: 'z' })],
      },
    ],
    ['add_node', { cluster_id: 'sql_id', type: 'SQL', nodes: [frontend('f', 'FE_FOLLOWER')] }],
    ['drop_node', { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [backend('not_there')] }],
    ['drop_cluster', { cluster_id: 'compute_id', cluster_name: 'another' }],
    ['update_cluster_mysql_user_name', { cluster_id: 'compute_id', cluster_name: 'another' }],
    ['set_cluster_status', { cluster_id: 'compute_id', cluster_status: 'MANUAL_SHUTDOWN' }],
    ['rename_cluster', { cluster_id: 'compute_id', cluster_name: '1 odd name' }],
  ])('%s takes %j', async (operation, cluster) => {
    expect(await on(operation, cluster)).toMatchObject(OK);
  });

  test('nodes at one address are one node, and are added to every cluster that is named', async () => {
    const nodes = [backend('same_address'), backend('new', { ip: 'y' })];
    expect(
      await on('add_node', { cluster_id: 'compute_id', cluster_name: 'empty', type: 'COMPUTE', nodes }),
    ).toMatchObject(OK);
    expect(await nodesOf(domain, 'compute_id')).toEqual(['1:i:be1', 'plain', 'new']);
    expect(await nodesOf(domain, 'empty_id')).toEqual(['same_address', 'new']);
  });

  test('STOPPED is no name of a state, and unknown names are left out', async () => {
    const stopped = { cluster_id: 'compute_id', cluster_status: 'STOPPED' };
    await refused(on('set_cluster_status', stopped), INVALID, /original cluster is NORMAL and want set UNKNOWN/);
    const { result } = await domain.admin('get_cluster_status', { instance_ids: ['i'], status: 'STOPPED' });
    expect(result?.details).toMatchObject([{ clusters: [{ cluster_id: 'compute_id' }, { cluster_id: 'empty_id' }] }]);
  });

  test('an id of another instance is taken still, and an odd operation unknown', async () => {
    const cluster = { cluster_id: 'c', cluster_name: 'cc', type: 'COMPUTE', nodes: [backend('plain')] };
    await refused(on('add_cluster', cluster, 'j'), EXISTS, /already occupied by an instance, instance_id=i/);
    for (const name of ['constructor', '__proto__', 'toString', '', 'v1/', 'v1/v1/get_cluster']) {
      expect(await domain.admin(name, {})).toMatchObject({ status: NOT_FOUND });
    }
  });
});

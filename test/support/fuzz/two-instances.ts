import type { AdminReply, Domain } from './domain.ts';

/** Two instances, `i` and `j`; the first has a cluster of backends, an empty one, and one of frontends. */
export async function createTwoInstances({ admin }: Domain): Promise<void> {
  for (const instance_id of ['i', 'j']) await admin('create_instance', { instance_id, name: 'name', user_id: 'user' });
  const clusters = [
    {
      cluster_name: 'compute',
      cluster_id: 'compute_id',
      type: 'COMPUTE',
      nodes: [backend('1:i:be1'), backend('plain')],
    },
    { cluster_name: 'empty', cluster_id: 'empty_id', type: 'COMPUTE' },
    { cluster_name: 'sql', cluster_id: 'sql_id', type: 'SQL', nodes: [frontend('1:i:fe1', 'FE_MASTER')] },
  ];
  for (const cluster of clusters) {
    const { code, msg } = await admin('add_cluster', { instance_id: 'i', cluster });
    if (code !== 'OK') throw new Error(msg);
  }
}

export function backend(cloud_unique_id: string, more: object = {}) {
  return { cloud_unique_id, ip: '10.0.0.1', heartbeat_port: 9050, ...more };
}

export function frontend(cloud_unique_id: string, node_type: string | undefined, more: object = {}) {
  return { cloud_unique_id, ip: '10.0.0.2', edit_log_port: 9010, node_type, ...more };
}

/** Calls an operation on a cluster of an instance. */
export function onCluster(domain: Domain, operation: string, cluster: object, instance_id = 'i'): Promise<AdminReply> {
  return domain.admin(operation, { instance_id, cluster });
}

/** The ids of the nodes of a cluster of the first instance. */
export async function nodesOf(domain: Domain, clusterId: string): Promise<string[]> {
  const { clusters } = await domain.instance('i');
  return clusters.find((cluster) => cluster.clusterId === clusterId)?.nodes.map((node) => node.cloudUniqueId) ?? [];
}

/** What is wrong with a call that should have been refused with that status and message, and should have written nothing. */
export async function refusalProblem(
  domain: Domain,
  reply: Promise<AdminReply>,
  status: number,
  msg: RegExp,
): Promise<string | undefined> {
  const before = await domain.version();
  const answer = await reply;
  if (answer.status !== status || !msg.test(answer.msg)) return `answered ${answer.status} ${answer.msg}`;
  return (await domain.version()) === before ? undefined : 'it has written something';
}

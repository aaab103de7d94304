import { choice } from '../../config/kind.ts';
import { usage } from '../command-error.ts';
import { command, type Noun } from '../program/command.ts';
import { optional, required, several, withDefault } from '../program/value.ts';
import { findCluster, readInstance } from '../service/instance.ts';
import { done } from '../show/report.ts';
import { fieldsText, tableText } from '../show/table.ts';
import { clusterColumns, nodeColumns } from './cluster-columns.ts';
import { NODE_MEANING, nodeKind, nodeOf } from './node-spec.ts';
import { clusterArgument, instanceArgument, nameKind } from './values.ts';

/** The one cluster of frontends that an instance has is called so. */
const OF_FRONTENDS = {
  cluster_name: 'RESERVED_CLUSTER_NAME_FOR_SQL_SERVER',
  cluster_id: 'RESERVED_CLUSTER_ID_FOR_SQL_SERVER',
};

const add = command({
  name: 'add',
  summary: 'Add a cluster to an instance',
  details:
    'A compute cluster may be empty at first. That of the frontends, --type SQL, needs its nodes, and has its name and its id by itself.',
  arguments: {
    instance: instanceArgument,
    cluster: optional(nameKind('CLUSTER'), 'The name that it gets; for --type SQL it can be left out'),
  },
  options: {
    id: optional(nameKind('ID'), 'The id that it gets, the same as its name by default'),
    type: withDefault(choice('COMPUTE', 'SQL'), 'COMPUTE', 'Whether it is of backends or of frontends'),
    node: several(nodeKind, NODE_MEANING),
  },
  calls_service: true,
  examples: [
    { does: 'The frontends', line: 'nereus cluster add demo --type SQL --node fe1=10.0.0.1:9010:master' },
    {
      does: 'A compute cluster with two backends',
      line: 'nereus cluster add demo etl --id etl_id --node be1=10.0.0.2:9050 --node be2=10.0.0.3:9050',
    },
  ],
  run: async ({ instance, cluster: name, id, type, node }, context) => {
    const cluster_name = name ?? (type === 'SQL' ? OF_FRONTENDS.cluster_name : undefined);
    if (cluster_name === undefined) throw usage('CLUSTER is needed: the name that it gets');
    const cluster_id = id ?? (cluster_name === OF_FRONTENDS.cluster_name ? OF_FRONTENDS.cluster_id : cluster_name);
    const nodes = node.map((one) => nodeOf(one, instance, type));
    const cluster = { cluster_name, cluster_id, type, ...(nodes.length > 0 && { nodes }) };
    await context.client.admin('add_cluster', { instance_id: instance, cluster });
    return done(`added cluster ${cluster_name} to instance ${instance}`, { cluster_name, cluster_id });
  },
});

const get = command({
  name: 'get',
  summary: 'Show a cluster with its nodes',
  arguments: { instance: instanceArgument, cluster: clusterArgument },
  calls_service: true,
  examples: [{ does: 'By its name', line: 'nereus cluster get demo etl' }],
  run: async ({ instance, cluster: wanted }, context) => {
    const cluster = await findCluster(context, instance, wanted);
    const { nodes = [], mysql_user_name = [], cluster_name, cluster_id, type, cluster_status } = cluster;
    const fields = {
      ...{ cluster: cluster_name, id: cluster_id, type, status: cluster_status },
      users: mysql_user_name.join(', ') || 'none',
    };
    return {
      json: { cluster },
      text: (width) =>
        `${fieldsText(fields)}\n\n${nodes.length === 0 ? 'no nodes' : tableText(nodeColumns, nodes, width)}`,
    };
  },
});

const list = command({
  name: 'list',
  summary: 'List the clusters of an instance',
  arguments: { instance: instanceArgument },
  calls_service: true,
  examples: [{ does: 'All of them', line: 'nereus cluster list demo' }],
  run: async ({ instance }, context) => {
    const { clusters = [] } = await readInstance(context, instance);
    const text = (width: number | undefined) => tableText(clusterColumns, clusters, width);
    return { json: { clusters }, text: (width) => (clusters.length === 0 ? 'no clusters' : text(width)) };
  },
});

const rename = command({
  name: 'rename',
  summary: 'Give a cluster another name',
  arguments: {
    instance: instanceArgument,
    cluster: clusterArgument,
    new_name: required(nameKind('NEW_NAME'), 'The name that it gets: a letter, then letters, digits and _'),
  },
  calls_service: true,
  examples: [{ does: 'From etl to nightly', line: 'nereus cluster rename demo etl nightly' }],
  run: async ({ instance, cluster: wanted, new_name }, context) => {
    const { cluster_id, cluster_name } = await findCluster(context, instance, wanted);
    const cluster = { cluster_id, cluster_name: new_name };
    await context.client.admin('rename_cluster', { instance_id: instance, cluster });
    return done(`cluster ${cluster_name} of instance ${instance} is called ${new_name} now`, cluster);
  },
});

const drop = command({
  name: 'drop',
  summary: 'Drop a cluster with its nodes',
  arguments: { instance: instanceArgument, cluster: clusterArgument },
  calls_service: true,
  asks: true,
  examples: [
    { does: 'With a question before', line: 'nereus cluster drop demo etl' },
    { does: 'In a script', line: 'nereus cluster drop demo etl --yes' },
  ],
  run: async ({ instance, cluster: wanted }, context) => {
    const { cluster_id, cluster_name, type, nodes = [] } = await findCluster(context, instance, wanted);
    await context.confirm(`Drop cluster ${cluster_name} of instance ${instance}, with ${nodes.length} nodes?`);
    const cluster = { cluster_id, cluster_name, type };
    await context.client.admin('drop_cluster', { instance_id: instance, cluster });
    return done(`dropped cluster ${cluster_name} of instance ${instance}`, { cluster_id, cluster_name });
  },
});

const status = command({
  name: 'status',
  summary: 'Show the status of a cluster, or set it',
  details: 'Which status follows which is up to the service: NORMAL, SUSPENDED, TO_RESUME, NORMAL.',
  arguments: {
    instance: instanceArgument,
    cluster: clusterArgument,
    status: optional(choice('NORMAL', 'SUSPENDED', 'TO_RESUME', 'MANUAL_SHUTDOWN'), 'The status that it gets'),
  },
  calls_service: true,
  examples: [
    { does: 'Show it', line: 'nereus cluster status demo etl' },
    { does: 'Suspend it', line: 'nereus cluster status demo etl SUSPENDED' },
  ],
  run: async ({ instance, cluster: wanted, status }, context) => {
    const { cluster_id, cluster_name, cluster_status = 'UNKNOWN' } = await findCluster(context, instance, wanted);
    if (status === undefined) {
      return { json: { cluster_id, cluster_name, cluster_status }, text: () => cluster_status };
    }
    const cluster = { cluster_id, cluster_name, cluster_status: status };
    await context.client.admin('set_cluster_status', { instance_id: instance, cluster });
    return done(`cluster ${cluster_name} of instance ${instance} is ${status} now`, cluster);
  },
});

const users = command({
  name: 'users',
  summary: 'Show the users whose default cluster this is, or set them',
  arguments: { instance: instanceArgument, cluster: clusterArgument },
  options: { set: several(nameKind('USER'), 'One of the users that it has from now on, in place of those it had') },
  calls_service: true,
  examples: [
    { does: 'Show them', line: 'nereus cluster users demo etl' },
    { does: 'Set them', line: 'nereus cluster users demo etl --set ann --set bob' },
  ],
  run: async ({ instance, cluster: wanted, set }, context) => {
    const found = await findCluster(context, instance, wanted);
    const { cluster_id, cluster_name, mysql_user_name = [] } = found;
    if (set.length === 0) {
      const text = mysql_user_name.length === 0 ? 'no users' : mysql_user_name.join('\n');
      return { json: { cluster_id, cluster_name, users: mysql_user_name }, text: () => text };
    }
    const cluster = { cluster_id, cluster_name, mysql_user_name: set };
    await context.client.admin('update_cluster_mysql_user_name', { instance_id: instance, cluster });
    return done(`cluster ${cluster_name} is that of ${set.join(', ')} now`, { cluster_id, cluster_name, users: set });
  },
});

/** `nereus cluster`. */
export const cluster: Noun = {
  name: 'cluster',
  summary: 'Clusters of an instance: its frontends, and its groups of backends',
  commands: [add, get, list, rename, drop, status, users],
};

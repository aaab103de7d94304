import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { command, type Noun } from '../program/command.ts';
import { several } from '../program/value.ts';
import { findCluster, type ShownNode } from '../service/instance.ts';
import { done } from '../show/report.ts';
import { NODE_MEANING, nodeKind, nodeOf, uniqueIdOf } from './node-spec.ts';
import { clusterArgument, instanceArgument, nameKind } from './values.ts';

const add = command({
  name: 'add',
  summary: 'Register nodes in a cluster',
  arguments: { instance: instanceArgument, cluster: clusterArgument, node: several(nodeKind, NODE_MEANING, 1) },
  calls_service: true,
  examples: [
    { does: 'Two backends', line: 'nereus node add demo etl be3=10.0.0.4:9050 be4=10.0.0.5:9050' },
    {
      does: 'A frontend',
      line: 'nereus node add demo RESERVED_CLUSTER_NAME_FOR_SQL_SERVER fe2=10.0.0.6:9010:observer',
    },
  ],
  run: async ({ instance, cluster: wanted, node }, context) => {
    const { cluster_id, cluster_name, type = 'COMPUTE' } = await findCluster(context, instance, wanted);
    const nodes = node.map((one) => nodeOf(one, instance, type));
    await context.client.admin('add_node', {
      instance_id: instance,
      cluster: { cluster_id, cluster_name, type, nodes },
    });
    return done(`registered ${nodes.length} nodes in cluster ${cluster_name}`, { cluster_id, cluster_name, nodes });
  },
});

const drop = command({
  name: 'drop',
  summary: 'Take nodes out of a cluster, all of them or none',
  arguments: {
    instance: instanceArgument,
    cluster: clusterArgument,
    node: several(nameKind('NODE'), 'The cloud_unique_id of a node, or its last part', 1),
  },
  calls_service: true,
  asks: true,
  examples: [{ does: 'In a script', line: 'nereus node drop demo etl be3 be4 --yes' }],
  run: async ({ instance, cluster: wanted, node }, context) => {
    const { cluster_id, cluster_name, type, nodes: known = [] } = await findCluster(context, instance, wanted);
    const nodes = node.map((name) => {
      const found = known.find(({ cloud_unique_id }) => cloud_unique_id === uniqueIdOf(name, instance));
      if (found !== undefined) return placeOf(found);
      throw new CommandError(ExitCode.NotFound, `cluster ${cluster_name} has no node ${uniqueIdOf(name, instance)}`);
    });
    const ids = nodes.map(({ cloud_unique_id }) => cloud_unique_id).join(', ');
    await context.confirm(`Take ${ids} out of cluster ${cluster_name}?`);
    await context.client.admin('drop_node', {
      instance_id: instance,
      cluster: { cluster_id, cluster_name, type, nodes },
    });
    return done(`took ${nodes.length} nodes out of cluster ${cluster_name}`, { cluster_id, cluster_name, nodes });
  },
});

/** `nereus node`. */
export const node: Noun = {
  name: 'node',
  summary: 'Nodes of a cluster: frontends and backends',
  commands: [add, drop],
};

/** What tells a node from others. */
function placeOf({ cloud_unique_id, ip, host, heartbeat_port, edit_log_port, node_type }: ShownNode): ShownNode {
  return {
    ...(cloud_unique_id !== undefined && { cloud_unique_id }),
    ...(ip !== undefined && { ip }),
    ...(host !== undefined && { host }),
    ...(heartbeat_port !== undefined && { heartbeat_port }),
    ...(edit_log_port !== undefined && { edit_log_port }),
    ...(node_type !== undefined && { node_type }),
  };
}

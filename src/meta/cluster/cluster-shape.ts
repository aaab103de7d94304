import {
  type ClusterPB,
  ClusterPB_Type as ClusterType,
  type NodeInfoPB,
  NodeInfoPBSchema,
  NodeInfoPB_NodeType as NodeType,
} from '../../schema/gen/cloud/cluster_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { MetaSettings } from '../call.ts';
import { quote } from '../quote.ts';

const CLUSTER_NAME = /^[a-zA-Z][a-zA-Z0-9_]*$/;
const FRONTENDS: readonly NodeType[] = [NodeType.FE_MASTER, NodeType.FE_OBSERVER, NodeType.FE_FOLLOWER];

/** What is wrong with a cluster as a request gives it, or undefined. Its frontends are counted by `frontendsProblem`. */
export function clusterProblem(cluster: ClusterPB, settings: MetaSettings): string | undefined {
  if (!isSet(cluster, 'type')) return 'cluster must have type arg';
  if (settings.enable_cluster_name_check && isSet(cluster, 'clusterName') && !CLUSTER_NAME.test(cluster.clusterName)) {
    return 'cluster name not regex with ^[a-zA-Z][a-zA-Z0-9_]*$, please check it';
  }
  const odd = cluster.nodes.find((node) => !fits(node, cluster.type));
  if (!odd) return undefined;
  const rule = 'edit_log_port is required for frontends while heatbeat_port is required for banckens';
  return `check cluster params failed, ${rule}, node : ${quote(NodeInfoPBSchema, odd)}`;
}

function fits(node: NodeInfoPB, type: ClusterType): boolean {
  if (type === ClusterType.COMPUTE) return node.heartbeatPort !== 0;
  return node.editLogPort !== 0 && FRONTENDS.includes(node.nodeType);
}

/**
 * What is wrong with the frontends of an SQL cluster, or undefined. They are one master with observers, or followers
 * with observers and no master.
 */
export function frontendsProblem(nodes: readonly NodeInfoPB[]): string | undefined {
  const masters = nodes.filter((node) => node.nodeType === NodeType.FE_MASTER).length;
  const followers = nodes.filter((node) => node.nodeType === NodeType.FE_FOLLOWER).length;
  if (masters > 0 && followers > 0) {
    const counts = `master count: ${masters} follower count: ${followers}`;
    return `cluster is SQL type, and use multi follower mode, cant set master node, ${counts}`;
  }
  if (followers > 0 || masters === 1) return undefined;
  return `cluster is SQL type, must have only one master node, now master count: ${masters}`;
}

/**
 * Whether an SQL cluster could not go on with these frontends: it has no master and no follower, or several masters.
 * A master beside followers may stay, since RPCs can bring both together, and it must be possible to drop either.
 */
export function lacksFrontends(nodes: readonly NodeInfoPB[]): boolean {
  const masters = nodes.filter((node) => node.nodeType === NodeType.FE_MASTER).length;
  return masters > 0 ? masters !== 1 : nodes.every((node) => node.nodeType !== NodeType.FE_FOLLOWER);
}

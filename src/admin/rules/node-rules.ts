import type { Call } from '../../meta/call.ts';
import { occupiedNode } from '../../meta/cluster/occupied-node.ts';
import { invalid } from '../../meta/meta-error.ts';
import {
  type ClusterPB,
  ClusterPB_Type as ClusterType,
  type NodeInfoPB,
  NodeInfoPB_NodeType as NodeType,
} from '../../schema/gen/cloud/cluster_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { checkUniqueId } from './patterns.ts';

const HIGHEST_PORT = 65_535;

/** What sections 12 and 16 ask of each node that is to be registered. */
export async function checkNewNodes(call: Call, cluster: ClusterPB): Promise<void> {
  const instances = new Set<string>();
  for (const node of cluster.nodes) {
    await checkUniqueId(call, node.cloudUniqueId, instances);
    if (node.ip === '' && node.host === '') throw invalid('a node must have an ip or a host');
    if (cluster.type === ClusterType.SQL) checkFrontend(node);
    else checkBackend(node);
  }
}

function checkFrontend(node: NodeInfoPB): void {
  checkPort('edit_log_port', node.editLogPort);
  if (node.nodeType === NodeType.UNKNOWN) {
    throw invalid('node_type must be FE_MASTER, FE_OBSERVER or FE_FOLLOWER in a cluster of type SQL');
  }
  if (isSet(node, 'heartbeatPort')) checkPort('heartbeat_port', node.heartbeatPort);
}

function checkBackend(node: NodeInfoPB): void {
  checkPort('heartbeat_port', node.heartbeatPort);
  if (isSet(node, 'editLogPort')) checkPort('edit_log_port', node.editLogPort);
}

function checkPort(field: string, port: number): void {
  if (port < 1 || port > HIGHEST_PORT) throw invalid(`${field} must be a port, from 1 to ${HIGHEST_PORT}`);
}

/**
 * Throws for the first node whose id is in use: in this instance, in another, or twice in the request itself, where the
 * first of the two is then the occupant.
 */
export async function refuseOccupiedNodes(
  call: Call,
  instanceId: string,
  cluster: ClusterPB,
  wanted: ClusterPB,
): Promise<void> {
  const seen = new Set<string>();
  for (const node of wanted.nodes) {
    const [occupant] = await call.nodes.find(call.txn, node.cloudUniqueId);
    if (occupant) throw occupiedNode(MetaServiceCode.UNDEFINED_ERR, occupant);
    if (seen.has(node.cloudUniqueId)) {
      throw occupiedNode(MetaServiceCode.UNDEFINED_ERR, { instance_id: instanceId, cluster, node });
    }
    seen.add(node.cloudUniqueId);
  }
}

import {
  ClusterPB_Type as ClusterType,
  type NodeInfoPB,
  NodeInfoPB_NodeType as NodeType,
} from '../schema/gen/cloud/cluster_pb.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status as InstanceStatus } from '../schema/gen/cloud/instance_pb.ts';
import type { BackendAddress } from './backend-row.ts';

/** Of which frontend the answer counts for more: that which is registered as the master, where any answers. */
const RANKS: Readonly<Record<NodeType, number>> = {
  [NodeType.FE_MASTER]: 0,
  [NodeType.FE_FOLLOWER]: 1,
  [NodeType.FE_OBSERVER]: 2,
  [NodeType.UNKNOWN]: 3,
};

/** Whether there is anything to tell of an instance. */
export function isLive({ status }: InstanceInfoPB): boolean {
  return status !== InstanceStatus.DELETED;
}

/** The hosts of an instance's frontends, each once, in the order in which their answers count. */
export function frontendsOf({ clusters }: InstanceInfoPB): readonly string[] {
  const nodes = clusters.filter(({ type }) => type === ClusterType.SQL).flatMap((cluster) => cluster.nodes);
  const ranked = nodes.toSorted((one, other) => RANKS[one.nodeType] - RANKS[other.nodeType]);
  return [...new Set(ranked.map(hostOf).filter((host) => host !== ''))];
}

/** The backends of each compute cluster that has any: a frontend shows no others either. */
export function backendsOf({ clusters }: InstanceInfoPB): ReadonlyMap<string, readonly BackendAddress[]> {
  const backends = new Map<string, readonly BackendAddress[]>();
  for (const { clusterId, type, nodes } of clusters) {
    if (type !== ClusterType.COMPUTE) continue;
    const addresses = nodes.map((node) => ({ host: hostOf(node), heartbeat_port: node.heartbeatPort }));
    const known = addresses.filter(({ host }) => host !== '');
    if (known.length > 0) backends.set(clusterId, known);
  }
  return backends;
}

/** By address, as frontends see nodes unless they are told to go by names; those give both alike. */
function hostOf({ ip, host }: NodeInfoPB): string {
  return ip === '' ? host : ip;
}

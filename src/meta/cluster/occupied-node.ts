import type { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { RegisteredNode } from '../identity/registered-nodes.ts';
import { MetaError } from '../meta-error.ts';

/** The refusal of a node whose id is taken. It names the node that has it. */
export function occupiedNode(code: MetaServiceCode, occupant: RegisteredNode): MetaError {
  const { instance_id, cluster, node } = occupant;
  const where = `instance_id=${instance_id} cluster_name=${cluster.clusterName} cluster_id=${cluster.clusterId}`;
  const message = `cloud_unique_id is already occupied by an instance, ${where} cloud_unique_id=${node.cloudUniqueId}`;
  return new MetaError(code, message);
}

type Find = (cloudUniqueId: string) => readonly RegisteredNode[];

/** Throws for the first node whose id is registered in another instance: ids are never shared between instances. */
export function refuseForeignNodes(
  code: MetaServiceCode,
  find: Find,
  instanceId: string,
  cloudUniqueIds: readonly string[],
): void {
  for (const id of cloudUniqueIds) {
    const occupant = find(id).find((node) => node.instance_id !== instanceId);
    if (occupant) throw occupiedNode(code, occupant);
  }
}

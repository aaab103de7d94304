import type { ClusterPB } from '../../schema/gen/cloud/cluster_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { saveInstance } from '../instance/instance-record.ts';
import { MetaError } from '../meta-error.ts';
import { instanceOfCluster, namesOf } from './cluster-of-instance.ts';

/** Removes a cluster, found by its id, with its nodes. */
export async function dropCluster(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  if (wanted.clusterId === '') throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, 'missing cluster_id=');
  const instance = await instanceOfCluster(call, instanceId, MetaServiceCode.CLUSTER_NOT_FOUND);
  const position = instance.clusters.findIndex(({ clusterId }) => clusterId === wanted.clusterId);
  if (position < 0) throw noClusterToDrop(MetaServiceCode.CLUSTER_NOT_FOUND, instanceId, wanted);
  const [dropped] = instance.clusters.splice(position, 1);
  if (dropped && dropped.nodes.length > 0) await call.nodes.change(call.txn, instanceId);
  saveInstance(call.txn, instance);
}

export function noClusterToDrop(code: MetaServiceCode, instanceId: string, wanted: ClusterPB): MetaError {
  return new MetaError(code, `failed to find cluster to drop, ${namesOf(instanceId, wanted)}`);
}

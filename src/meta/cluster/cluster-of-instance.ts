import type { ClusterPB } from '../../schema/gen/cloud/cluster_pb.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status } from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { findInstance, instanceDropped, instanceMissing } from '../instance/instance-record.ts';
import { MetaError } from '../meta-error.ts';

/** What every change of a cluster begins with: the record of its instance, to be changed. */
export async function instanceOfCluster(
  call: Call,
  instanceId: string,
  missing: MetaServiceCode = MetaServiceCode.UNDEFINED_ERR,
  dropped: MetaServiceCode = missing,
): Promise<InstanceInfoPB> {
  const instance = await findInstance(call.txn, instanceId, { editable: true });
  if (!instance) throw instanceMissing(missing, instanceId);
  if (instance.status === InstanceInfoPB_Status.DELETED) throw instanceDropped(dropped);
  return instance;
}

/** "instance_id=... cluster_id=... cluster_name=...", as errors name a cluster. */
export function namesOf(instanceId: string, cluster: ClusterPB): string {
  return `instance_id=${instanceId} cluster_id=${cluster.clusterId} cluster_name=${cluster.clusterName}`;
}

/** The cluster of an instance with the id of `wanted`. Throws `UNDEFINED_ERR` when there is none, or no id. */
export function clusterToUpdate(instance: InstanceInfoPB, wanted: ClusterPB): ClusterPB {
  if (wanted.clusterId === '') throw new MetaError(MetaServiceCode.UNDEFINED_ERR, 'missing cluster_id=');
  const cluster = instance.clusters.find((candidate) => candidate.clusterId === wanted.clusterId);
  if (cluster) return cluster;
  const message = `failed to find cluster to update, ${namesOf(instance.instanceId, wanted)}`;
  throw new MetaError(MetaServiceCode.UNDEFINED_ERR, message);
}

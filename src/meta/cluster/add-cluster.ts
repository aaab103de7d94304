import { clone } from '@bufbuild/protobuf';
import {
  type ClusterPB,
  ClusterPBSchema,
  ClusterStatus,
  ClusterPB_Type as ClusterType,
} from '../../schema/gen/cloud/cluster_pb.ts';
import { InstanceInfoPB_Status } from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type Call, nowSeconds } from '../call.ts';
import { findInstance, instanceDropped, saveInstance } from '../instance/instance-record.ts';
import { MetaError } from '../meta-error.ts';
import { clusterProblem, frontendsProblem } from './cluster-shape.ts';
import { refuseForeignNodes } from './occupied-node.ts';

/** Adds a cluster and its nodes to an instance. A compute cluster starts in the state NORMAL. */
export async function addCluster(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  const problem =
    clusterProblem(wanted, call.settings) ??
    (wanted.type === ClusterType.SQL ? frontendsProblem(wanted.nodes) : undefined);
  if (problem) throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, problem);

  const find = wanted.nodes.length > 0 ? await call.nodes.change(call.txn, instanceId) : () => [];
  const ids = wanted.nodes.map((node) => node.cloudUniqueId);
  refuseForeignNodes(MetaServiceCode.ALREADY_EXISTED, find, instanceId, ids);

  const instance = await findInstance(call.txn, instanceId, { editable: true });
  if (!instance) {
    const message = `failed to get instance, info failed to get instance, instance_id=${instanceId} err=KeyNotFound`;
    throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
  }
  if (instance.status === InstanceInfoPB_Status.DELETED) throw instanceDropped();
  refuseKnownCluster(instance.clusters, wanted);

  const cluster = clone(ClusterPBSchema, wanted);
  for (const node of cluster.nodes) {
    node.ctime = nowSeconds(call);
    node.mtime = node.ctime;
  }
  if (cluster.type === ClusterType.COMPUTE) cluster.clusterStatus = ClusterStatus.NORMAL;
  instance.clusters.push(cluster);
  saveInstance(call.txn, instance);
}

/** Throws `ALREADY_EXISTED` when the id or the name of a new cluster is taken within its instance. */
export function refuseKnownCluster(clusters: readonly ClusterPB[], wanted: ClusterPB): void {
  for (const { clusterId, clusterName } of clusters) {
    if (clusterId === wanted.clusterId) {
      const message = `try to add a existing cluster id, existing_cluster_id=${clusterId}`;
      throw new MetaError(MetaServiceCode.ALREADY_EXISTED, message);
    }
    if (clusterName === wanted.clusterName) {
      const message = `try to add a existing cluster name, existing_cluster_name=${clusterName}`;
      throw new MetaError(MetaServiceCode.ALREADY_EXISTED, message);
    }
  }
}

import { type AlterClusterRequest, type ClusterPB, ClusterPBSchema } from '../../schema/gen/cloud/cluster_pb.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { saveInstance } from '../instance/instance-record.ts';
import { MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { clusterToUpdate, instanceOfCluster } from './cluster-of-instance.ts';
import { checkMove } from './cluster-status.ts';

type Update = (cluster: ClusterPB, wanted: ClusterPB, instance: InstanceInfoPB) => void;

/** Changes one cluster, found by its id. */
async function updateCluster(call: Call, instanceId: string, wanted: ClusterPB, update: Update): Promise<void> {
  if (wanted.clusterId === '') throw new MetaError(MetaServiceCode.UNDEFINED_ERR, 'missing cluster_id=');
  const instance = await instanceOfCluster(call, instanceId);
  update(clusterToUpdate(instance, wanted), wanted, instance);
  saveInstance(call.txn, instance);
}

/**
 * Gives a cluster another name. A cluster without nodes that has that name makes way where the request says so: frontends
 * create such clusters for names that they are told of before there are nodes.
 */
export async function renameCluster(
  call: Call,
  instanceId: string,
  wanted: ClusterPB,
  { replaceIfExistingEmptyTargetCluster: replace }: AlterClusterRequest,
): Promise<void> {
  await updateCluster(call, instanceId, wanted, (cluster, { clusterName }, instance) => {
    const taken = instance.clusters.findIndex((other) => other.clusterName === clusterName);
    const holder = instance.clusters[taken];
    if (holder && replace && holder !== cluster && holder.nodes.length === 0) {
      instance.clusters.splice(taken, 1);
    } else if (holder) {
      const quoted = quote(ClusterPBSchema, cluster);
      const message = `failed to rename cluster, a cluster with the same name already exists in this instance ${quoted}`;
      throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, message);
    }
    cluster.clusterName = clusterName;
  });
  // Errors name the cluster that an id is registered in.
  await call.nodes.change(call.txn, instanceId);
}

/** Replaces the users whose default cluster it is. */
export function updateClusterUsers(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  return updateCluster(call, instanceId, wanted, (cluster, { mysqlUserName }) => {
    cluster.mysqlUserName = [...mysqlUserName];
  });
}

/** Replaces the addresses under which the cluster is reached. */
export function updateClusterEndpoint(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  return updateCluster(call, instanceId, wanted, (cluster, { publicEndpoint, privateEndpoint }) => {
    if (privateEndpoint === '') {
      throw new MetaError(MetaServiceCode.CLUSTER_ENDPOINT_MISSING, 'missing private endpoint');
    }
    cluster.publicEndpoint = publicEndpoint;
    cluster.privateEndpoint = privateEndpoint;
  });
}

/** Moves the cluster to another state, along the allowed moves. */
export function setClusterStatus(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  return updateCluster(call, instanceId, wanted, (cluster, { clusterStatus }) => {
    checkMove(cluster, clusterStatus);
    cluster.clusterStatus = clusterStatus;
  });
}

import { alterCluster, checkAlterCluster } from '../../meta/cluster/alter-cluster.ts';
import { getCluster } from '../../meta/cluster/get-cluster.ts';
import { getClusterStatus } from '../../meta/cluster/get-cluster-status.ts';
import * as cluster from '../../schema/gen/cloud/cluster_pb.ts';
import { method } from '../method.ts';

export const clusterMethods = {
  alter_cluster: method({
    name: 'alter_cluster',
    request: cluster.AlterClusterRequestSchema,
    response: cluster.AlterClusterResponseSchema,
    check: checkAlterCluster,
    takes_turns: true,
    run: alterCluster,
  }),
  get_cluster: method({
    name: 'get_cluster',
    request: cluster.GetClusterRequestSchema,
    response: cluster.GetClusterResponseSchema,
    run: getCluster,
  }),
  get_cluster_status: method({
    name: 'get_cluster_status',
    request: cluster.GetClusterStatusRequestSchema,
    response: cluster.GetClusterStatusResponseSchema,
    run: getClusterStatus,
  }),
} as const;

import { create } from '@bufbuild/protobuf';
import {
  type ClusterPB,
  ClusterPBSchema,
  ClusterStatus,
  ClusterPB_Type as ClusterType,
  GetClusterStatusResponse_GetClusterStatusResponseDetailSchema as DetailSchema,
  type GetClusterStatusRequest,
  type GetClusterStatusResponse,
  GetClusterStatusResponseSchema,
} from '../../schema/gen/cloud/cluster_pb.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceResponseStatusSchema as StatusSchema } from '../../schema/gen/cloud/status_pb.ts';
import { writeProtobufJson } from '../../schema/json/write-protobuf-json.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { resolveInstance } from '../identity/resolve-instance.ts';
import { findInstance } from '../instance/instance-record.ts';
import { invalid } from '../meta-error.ts';

/** A request may name an instance again and again, and so ask for more than fits into memory. */
const MOST_CLUSTERS = 100_000;

/** The states of the compute clusters of several instances. Instances that don't exist are left out. */
export async function getClusterStatus(
  call: Call,
  request: GetClusterStatusRequest,
): Promise<GetClusterStatusResponse> {
  const { instanceIds, cloudUniqueIds } = request;
  if (instanceIds.length === 0 && cloudUniqueIds.length === 0) {
    const sizes = `instance_ids.size: ${instanceIds.length} cloud_unique_ids.size: ${cloudUniqueIds.length}`;
    const message = `cloud_unique_ids or instance_ids must be given, ${sizes}`;
    throw invalid(message);
  }
  const response = create(GetClusterStatusResponseSchema);
  const wanted = instanceIds.length > 0 ? instanceIds : await instancesOf(call, cloudUniqueIds);
  if (wanted.length === 0) return response;
  const known = new Map<string, ClusterPB[]>();
  let count = 0;
  for (const instanceId of wanted) {
    const clusters = known.get(instanceId) ?? (await clustersOf(call, instanceId, request));
    known.set(instanceId, clusters);
    count += clusters.length;
    if (count > MOST_CLUSTERS) throw invalid(`more than ${MOST_CLUSTERS} clusters, ask for fewer instances at a time`);
    if (clusters.length > 0) response.details.push(create(DetailSchema, { instanceId, clusters }));
  }
  // Cloud managers read the answer from the message of the status, where Doris repeats it.
  response.status = create(StatusSchema, { msg: writeProtobufJson(GetClusterStatusResponseSchema, response) });
  return response;
}

async function instancesOf(call: Call, cloudUniqueIds: readonly string[]): Promise<string[]> {
  const known = new Map<string, string | undefined>();
  for (const id of cloudUniqueIds) if (!known.has(id)) known.set(id, await resolveInstance(call, id));
  return cloudUniqueIds.map((id) => known.get(id)).filter((instanceId) => instanceId !== undefined);
}

async function clustersOf(call: Call, instanceId: string, request: GetClusterStatusRequest): Promise<ClusterPB[]> {
  const instance = await findInstance(call.txn, instanceId);
  return instance ? statesIn(instance, request) : [];
}

function statesIn(instance: InstanceInfoPB, request: GetClusterStatusRequest): ClusterPB[] {
  return instance.clusters
    .filter((cluster) => cluster.type === ClusterType.COMPUTE)
    .filter((cluster) => !isSet(request, 'status') || cluster.clusterStatus === request.status)
    .map((cluster) => {
      const { clusterId, clusterName } = cluster;
      // Clusters from before there were states are running ones.
      const clusterStatus = isSet(cluster, 'clusterStatus') ? cluster.clusterStatus : ClusterStatus.NORMAL;
      return create(ClusterPBSchema, { clusterId, clusterName, clusterStatus });
    });
}

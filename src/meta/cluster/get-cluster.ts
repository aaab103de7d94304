import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type ClusterPB,
  type GetClusterRequest,
  GetClusterRequestSchema,
  type GetClusterResponseSchema,
} from '../../schema/gen/cloud/cluster_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { writeShortTextFormat } from '../../schema/text/write-text-format.ts';
import type { Call } from '../call.ts';
import { resolveInstance } from '../identity/resolve-instance.ts';
import { readInstance } from '../instance/instance-record.ts';
import { invalid, MetaError } from '../meta-error.ts';

type Response = MessageInitShape<typeof GetClusterResponseSchema>;

/** The clusters that the request picks by id, else by name, else by user, or all, of the caller's instance. */
export async function getCluster(call: Call, request: GetClusterRequest): Promise<Response> {
  return clustersIn(call, request, await instanceOfCaller(call, request));
}

/** As `getCluster`, for an operator, who may name the instance and no node of it. */
export async function getClusterOfInstance(call: Call, request: GetClusterRequest): Promise<Response> {
  const named = request.cloudUniqueId === '' && request.instanceId !== '';
  return clustersIn(call, request, named ? request.instanceId : await instanceOfCaller(call, request));
}

async function clustersIn(call: Call, request: GetClusterRequest, instanceId: string): Promise<Response> {
  const instance = await readInstance(call.txn, instanceId);
  const { enableStorageVault } = instance;
  const cluster = instance.clusters.filter(wantedBy(request));
  if (cluster.length > 0) return { cluster, enableStorageVault };
  const text = writeShortTextFormat(GetClusterRequestSchema, request);
  throw new MetaError(MetaServiceCode.CLUSTER_NOT_FOUND, `fail to get cluster with ${text}`, { enableStorageVault });
}

async function instanceOfCaller(call: Call, request: GetClusterRequest): Promise<string> {
  if (request.cloudUniqueId === '') throw invalid('cloud_unique_id must be given');
  const resolved = await resolveInstance(call, request.cloudUniqueId);
  if (resolved !== undefined) return resolved;
  // Where the node is not registered, the name of its instance does as well.
  if (!isSet(request, 'instanceId')) throw invalid('empty instance_id');
  if (request.instanceId !== '') return request.instanceId;
  throw invalid(`failed to get instance_id with cloud_unique_id=${request.cloudUniqueId}`);
}

/** Whether a request asks for no cluster in particular. */
export function wantsAllClusters(request: GetClusterRequest): boolean {
  return [request.clusterId, request.clusterName, request.mysqlUserName].every((filter) => filter === '');
}

function wantedBy(request: GetClusterRequest): (cluster: ClusterPB) => boolean {
  const { clusterId, clusterName, mysqlUserName } = request;
  if (clusterId !== '') return (cluster) => cluster.clusterId === clusterId;
  if (clusterName !== '') return (cluster) => cluster.clusterName === clusterName;
  if (mysqlUserName !== '') return (cluster) => cluster.mysqlUserName.includes(mysqlUserName);
  return () => true;
}

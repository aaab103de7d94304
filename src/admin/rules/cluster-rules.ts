import type { Call } from '../../meta/call.ts';
import { refuseKnownCluster } from '../../meta/cluster/add-cluster.ts';
import { instanceOfRequest } from '../../meta/cluster/alter-cluster.ts';
import { namesOf } from '../../meta/cluster/cluster-of-instance.ts';
import { frontendsProblem, lacksFrontends } from '../../meta/cluster/cluster-shape.ts';
import { checkMove, DOCUMENT_MOVES } from '../../meta/cluster/cluster-status.ts';
import { noClusterToDrop } from '../../meta/cluster/drop-cluster.ts';
import { byIdAndAddress, NodeTable } from '../../meta/cluster/node-table.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import { failed, invalid } from '../../meta/meta-error.ts';
import { quote } from '../../meta/quote.ts';
import {
  type AlterClusterRequest,
  type ClusterPB,
  ClusterPBSchema,
  ClusterPB_Type as ClusterType,
  type NodeInfoPB,
} from '../../schema/gen/cloud/cluster_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { checkNewNodes, refuseOccupiedNodes } from './node-rules.ts';
import { checkName, requireText } from './patterns.ts';

/** Section 12: a name, an id and a type of its own, and nodes that are registered nowhere. */
export async function addClusterRules(call: Call, request: AlterClusterRequest): Promise<void> {
  const { cluster } = request;
  if (!cluster) return;
  requireText('cluster_name', cluster.clusterName);
  requireText('cluster_id', cluster.clusterId);
  checkName('cluster_name', cluster.clusterName);
  if (!isSet(cluster, 'type')) throw invalid('type must be given: SQL or COMPUTE');
  await checkNewNodes(call, cluster);
  const problem = cluster.type === ClusterType.SQL ? frontendsProblem(cluster.nodes) : undefined;
  if (problem) throw invalid(problem);
  const instanceId = await instanceOfRequest(call, request);
  const instance = await findInstance(call.txn, instanceId);
  refuseKnownCluster(instance?.clusters ?? [], cluster);
  await refuseOccupiedNodes(call, instanceId, cluster, cluster);
}

/** Section 14: one that is not there, or not under that name, can't be dropped. */
export async function dropClusterRules(call: Call, request: AlterClusterRequest): Promise<void> {
  const wanted = request.cluster;
  if (!wanted || wanted.clusterId === '') return;
  const instanceId = await instanceOfRequest(call, request);
  const instance = await findInstance(call.txn, instanceId);
  if (instance && !instance.clusters.some((cluster) => isMeant(cluster, wanted))) {
    throw noClusterToDrop(MetaServiceCode.UNDEFINED_ERR, instanceId, wanted);
  }
}

/** Section 15: the new name obeys the pattern, and is another one. */
export async function renameClusterRules(call: Call, request: AlterClusterRequest): Promise<void> {
  const wanted = request.cluster;
  if (!wanted) return;
  requireText('cluster_name', wanted.clusterName);
  checkName('cluster_name', wanted.clusterName);
  const instance = await findInstance(call.txn, await instanceOfRequest(call, request));
  const cluster = instance?.clusters.find(({ clusterId }) => clusterId === wanted.clusterId);
  if (cluster?.clusterName !== wanted.clusterName) return;
  const original = quote(ClusterPBSchema, cluster);
  throw failed(`failed to rename cluster, name eq original name, original cluster is ${original}`);
}

/** Section 16: nodes of the cluster's own type, registered nowhere yet. */
export async function addNodeRules(call: Call, request: AlterClusterRequest): Promise<void> {
  const wanted = request.cluster;
  if (!wanted || !isSet(wanted, 'type')) return;
  requireCluster(wanted);
  await checkNewNodes(call, wanted);
  const cluster = await clusterMeant(call, request);
  if (!cluster) return;
  requireType(cluster, wanted);
  await refuseOccupiedNodes(call, await instanceOfRequest(call, request), cluster, wanted);
  const frontends = [...cluster.nodes, ...wanted.nodes];
  const problem = cluster.type === ClusterType.SQL ? frontendsProblem(frontends) : undefined;
  if (problem) throw invalid(problem);
}

/** Section 17: all of the nodes or none, and only from the cluster where they are. */
export async function dropNodeRules(call: Call, request: AlterClusterRequest): Promise<void> {
  const wanted = request.cluster;
  if (!wanted || !isSet(wanted, 'type')) return;
  requireCluster(wanted);
  const instanceId = await instanceOfRequest(call, request);
  const instance = await findInstance(call.txn, instanceId);
  if (!instance) return;
  const cluster = instance.clusters.find((candidate) => isMeant(candidate, wanted));
  const table = new NodeTable(cluster ? [cluster] : [], byIdAndAddress);
  const dropped = new Set<NodeInfoPB>();
  for (const given of wanted.nodes) {
    const found = table.find(given);
    if (found) {
      dropped.add(found.node);
      continue;
    }
    const { clusterName, clusterId } = wanted;
    const where = `instance_id=${instanceId} cluster_name=${clusterName} cluster_id=${clusterId}`;
    throw failed(`cloud_unique_id can not find to drop node, ${where} cloud_unique_id=${given.cloudUniqueId}`);
  }
  if (cluster) requireType(cluster, wanted);
  if (cluster?.type === ClusterType.SQL && lacksFrontends(cluster.nodes.filter((node) => !dropped.has(node)))) {
    throw failed('instance invalid, cant modify, plz check');
  }
}

/** Nodes that leave are of the type of their cluster, where a type is given. */
export async function leavingNodesRules(call: Call, request: AlterClusterRequest): Promise<void> {
  const cluster = await clusterMeant(call, request);
  if (cluster && request.cluster && isSet(request.cluster, 'type')) requireType(cluster, request.cluster);
}

/** Section 18: at least one user, and a cluster whose name and id belong together. */
export async function updateUsersRules(call: Call, request: AlterClusterRequest): Promise<void> {
  if (request.cluster?.mysqlUserName.length === 0) throw failed('no mysql user name to change');
  await clusterMeant(call, request);
}

/** Section 22: the four moves of the document and no other. */
export async function setStatusRules(call: Call, request: AlterClusterRequest): Promise<void> {
  const cluster = await clusterMeant(call, request);
  if (cluster && request.cluster) checkMove(cluster, request.cluster.clusterStatus, DOCUMENT_MOVES);
}

/** A cluster that is named by id and by name must be one and the same. */
export async function knownClusterRules(call: Call, request: AlterClusterRequest): Promise<void> {
  await clusterMeant(call, request);
}

/** The cluster that a request means, or undefined where the call itself refuses the request. */
async function clusterMeant(call: Call, request: AlterClusterRequest): Promise<ClusterPB | undefined> {
  const wanted = request.cluster;
  const instanceId = await instanceOfRequest(call, request);
  const instance = await findInstance(call.txn, instanceId);
  if (!wanted || !instance || (wanted.clusterId === '' && wanted.clusterName === '')) return undefined;
  const cluster = instance.clusters.find((candidate) => isMeant(candidate, wanted));
  if (!cluster) throw failed(`failed to find cluster to update, ${namesOf(instanceId, wanted)}`);
  return cluster;
}

/** Without a cluster, nodes would be added to none and dropped from none, and the answer would be OK. */
function requireCluster({ clusterId, clusterName }: ClusterPB): void {
  if (clusterId === '' && clusterName === '') throw invalid('cluster_id or cluster_name must be given');
}

/** Whether a cluster has the id and the name that are given, as far as they are. */
function isMeant(cluster: ClusterPB, wanted: ClusterPB): boolean {
  const sameId = wanted.clusterId === '' || wanted.clusterId === cluster.clusterId;
  const sameName = wanted.clusterName === '' || wanted.clusterName === cluster.clusterName;
  return sameId && sameName;
}

function requireType(cluster: ClusterPB, wanted: ClusterPB): void {
  if (cluster.type === wanted.type) return;
  throw invalid(`the cluster is of type ${nameOf(cluster)}, and has no nodes of type ${nameOf(wanted)}`);
}

function nameOf(cluster: ClusterPB): string {
  return ClusterType[cluster.type];
}

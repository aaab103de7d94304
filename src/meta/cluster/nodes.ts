import { clone } from '@bufbuild/protobuf';
import {
  type ClusterPB,
  ClusterPB_Type as ClusterType,
  type NodeInfoPB,
  NodeInfoPBSchema,
  NodeStatusPB,
} from '../../schema/gen/cloud/cluster_pb.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { saveInstance } from '../instance/instance-record.ts';
import { failed } from '../meta-error.ts';
import { instanceOfCluster } from './cluster-of-instance.ts';
import { clusterProblem, frontendsProblem } from './cluster-shape.ts';
import { refuseForeignNodes } from './occupied-node.ts';

/** Adds nodes to a cluster, found by its id or its name. A node at an address that the cluster has is there already. */
export function addNodes(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  return addUnless(sameAddress, call, instanceId, wanted);
}

/** As `addNodes`, where a node is known by its id alone, and may take the address of another. */
export function addNodesById(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  return addUnless(sameId, call, instanceId, wanted);
}

type SameNode = (one: NodeInfoPB, other: NodeInfoPB) => boolean;

async function addUnless(same: SameNode, call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  const instance = await beginChange(call, instanceId, wanted);
  await refuseForeign(call, instanceId, wanted);
  for (const given of wanted.nodes) {
    for (const cluster of clustersCalled(instance, wanted)) {
      if (cluster.nodes.some((node) => same(node, given))) continue;
      const node = clone(NodeInfoPBSchema, given);
      node.status = NodeStatusPB.NODE_STATUS_RUNNING;
      if (!isSet(node, 'ctime')) node.ctime = nowSeconds(call);
      node.mtime = nowSeconds(call);
      cluster.nodes.push(node);
    }
  }
  saveInstance(call.txn, instance);
}

/** Removes nodes from a cluster. One that is not there changes nothing, so that a request may be sent again. */
export async function dropNodes(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  const instance = await beginChange(call, instanceId, wanted);
  for (const given of wanted.nodes) {
    for (const cluster of clustersCalled(instance, wanted)) {
      const position = cluster.nodes.findIndex((node) => sameNode(node, given));
      if (position >= 0) cluster.nodes.splice(position, 1);
    }
  }
  await call.nodes.change(call.txn);
  const frontends = instance.clusters.find((cluster) => cluster.type === ClusterType.SQL && isSet(cluster, 'type'));
  if (frontends && frontendsProblem(frontends.nodes)) throw failed('instance invalid, cant modify, plz check');
  saveInstance(call.txn, instance);
}

/** Marks nodes as leaving, or as having left. All of them must be there. */
export async function markNodes(
  call: Call,
  instanceId: string,
  wanted: ClusterPB,
  status: NodeStatusPB,
): Promise<void> {
  const instance = await beginChange(call, instanceId, wanted);
  await refuseForeign(call, instanceId, wanted);
  for (const given of wanted.nodes) {
    const registered = instance.clusters.filter(({ nodes }) => nodes.some((node) => sameId(node, given)));
    if (registered.length === 0) throw failed('cloud_unique_id not found');
    const cluster = registered.find(({ nodes }) => nodes.some((node) => sameNode(node, given)));
    if (!cluster) throw failed('to_add and to_del both empty or both not empty');
    // The node goes to the end of its cluster, as it does in Doris, which drops it and adds it again.
    const [node] = cluster.nodes.splice(
      cluster.nodes.findIndex((candidate) => sameNode(candidate, given)),
      1,
    );
    if (!node) continue;
    node.status = status;
    node.mtime = nowSeconds(call);
    cluster.nodes.push(node);
  }
  saveInstance(call.txn, instance);
}

async function beginChange(call: Call, instanceId: string, wanted: ClusterPB): Promise<InstanceInfoPB> {
  const problem = clusterProblem(wanted, call.settings);
  if (problem) throw failed(problem);
  if (wanted.nodes.length === 0) throw failed('to_add and to_del both empty or both not empty');
  return instanceOfCluster(call, instanceId);
}

async function refuseForeign(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  const ids = wanted.nodes.map((node) => node.cloudUniqueId);
  refuseForeignNodes(MetaServiceCode.UNDEFINED_ERR, await call.nodes.change(call.txn), instanceId, ids);
}

function clustersCalled(instance: InstanceInfoPB, wanted: ClusterPB): ClusterPB[] {
  return instance.clusters.filter(
    ({ clusterId, clusterName }) => clusterName === wanted.clusterName || clusterId === wanted.clusterId,
  );
}

function sameId(one: NodeInfoPB, other: NodeInfoPB): boolean {
  return one.cloudUniqueId === other.cloudUniqueId;
}

/** Whether both are the node with that id at that address. */
export function sameNode(one: NodeInfoPB, other: NodeInfoPB): boolean {
  return sameId(one, other) && sameAddress(one, other);
}

/** Whether both are reached under one name or one address, at one port. */
export function sameAddress(one: NodeInfoPB, other: NodeInfoPB): boolean {
  if (portOf(one) !== portOf(other)) return false;
  const sameIp = isSet(one, 'ip') && isSet(other, 'ip') && one.ip === other.ip;
  const sameHost = isSet(one, 'host') && isSet(other, 'host') && one.host === other.host;
  return sameIp || sameHost;
}

/** A backend is known by its heartbeat port, a frontend by its edit log port. */
function portOf(node: NodeInfoPB): number {
  return isSet(node, 'heartbeatPort') ? node.heartbeatPort : node.editLogPort;
}

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
import { clusterProblem, lacksFrontends } from './cluster-shape.ts';
import { byAddress, byId, byIdAndAddress, type KnownBy, NodeTable } from './node-table.ts';
import { refuseForeignNodes } from './occupied-node.ts';

/** Adds nodes to a cluster, found by its id or its name. A node at an address that the cluster has is there already. */
export function addNodes(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  return addUnlessKnown(byAddress, call, instanceId, wanted);
}

/** As `addNodes`, where a node is known by its id alone, and may take the address of another. */
export function addNodesById(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  return addUnlessKnown(byId, call, instanceId, wanted);
}

async function addUnlessKnown(knownBy: KnownBy, call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  const instance = await beginChange(call, instanceId, wanted);
  await refuseForeign(call, instanceId, wanted);
  for (const cluster of clustersCalled(instance, wanted)) {
    const table = new NodeTable([cluster], knownBy);
    for (const given of wanted.nodes) {
      if (table.find(given)) continue;
      const node = clone(NodeInfoPBSchema, given);
      node.status = NodeStatusPB.NODE_STATUS_RUNNING;
      if (!isSet(node, 'ctime')) node.ctime = nowSeconds(call);
      node.mtime = nowSeconds(call);
      cluster.nodes.push(node);
      table.add(cluster, node);
    }
  }
  saveInstance(call.txn, instance);
}

/** Removes nodes from a cluster. One that is not there changes nothing, so that a request may be sent again. */
export async function dropNodes(call: Call, instanceId: string, wanted: ClusterPB): Promise<void> {
  const instance = await beginChange(call, instanceId, wanted);
  for (const cluster of clustersCalled(instance, wanted)) {
    const table = new NodeTable([cluster], byIdAndAddress);
    const dropped = new Set(wanted.nodes.map((given) => table.take(given)?.node));
    cluster.nodes = cluster.nodes.filter((node) => !dropped.has(node));
  }
  await call.nodes.change(call.txn, instanceId);
  const frontends = instance.clusters.find((cluster) => cluster.type === ClusterType.SQL && isSet(cluster, 'type'));
  if (frontends && lacksFrontends(frontends.nodes)) throw failed('instance invalid, cant modify, plz check');
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
  const registered = new NodeTable(instance.clusters, byId);
  const table = new NodeTable(instance.clusters, byIdAndAddress);
  const marked = new Map<NodeInfoPB, ClusterPB>();
  for (const given of wanted.nodes) {
    if (!registered.find(given)) throw failed('cloud_unique_id not found');
    const found = table.find(given);
    if (!found) throw failed('to_add and to_del both empty or both not empty');
    marked.set(found.node, found.cluster);
  }
  for (const cluster of new Set(marked.values())) {
    // Nodes go to the end of their cluster, as they do in Doris, which drops them and adds them again.
    cluster.nodes = cluster.nodes.filter((node) => !marked.has(node));
  }
  for (const [node, cluster] of marked) {
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
  refuseForeignNodes(MetaServiceCode.UNDEFINED_ERR, await call.nodes.change(call.txn, instanceId), instanceId, ids);
}

/** The clusters with the id or the name that is given. One without a name is not meant where no name is given. */
function clustersCalled(instance: InstanceInfoPB, { clusterId: id, clusterName: name }: ClusterPB): ClusterPB[] {
  return instance.clusters.filter(
    ({ clusterId, clusterName }) => (name !== '' && clusterName === name) || (id !== '' && clusterId === id),
  );
}

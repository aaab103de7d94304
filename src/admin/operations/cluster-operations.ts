import { alterClusterByDocument } from '../../meta/cluster/alter-cluster.ts';
import { getClusterOfInstance, wantsAllClusters } from '../../meta/cluster/get-cluster.ts';
import type { Answer } from '../../rpc/answer.ts';
import { methods } from '../../rpc/methods.ts';
import type { Rules } from '../../rpc/runner.ts';
import {
  ClusterPBSchema,
  type GetClusterRequest,
  GetClusterResponseSchema,
  AlterClusterRequest_Operation as Op,
} from '../../schema/gen/cloud/cluster_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { EnumAliases } from '../../schema/json/lenient-scalar.ts';
import { writeProtobufJson } from '../../schema/json/write-protobuf-json.ts';
import type { HttpAnswer } from '../http-types.ts';
import { type AdminOperation, rpcOperation } from '../operation.ts';
import { jsonReply } from '../reply.ts';
import { showResponse, showStatus } from '../route.ts';
import {
  addClusterRules,
  addNodeRules,
  dropClusterRules,
  dropNodeRules,
  knownClusterRules,
  leavingNodesRules,
  renameClusterRules,
  setStatusRules,
  updateUsersRules,
} from '../rules/cluster-rules.ts';
import { CLUSTER, INSTANCE_OR_NODE } from './fields.ts';

const topic = 'clusters';

/** The document's word for a suspended cluster. */
const STOPPED = new Map([['STOPPED', 'SUSPENDED']]);

const NEW_NODES = 'nodes{cloud_unique_id! ip host name heartbeat_port edit_log_port node_type}';
const KNOWN_NODES = 'nodes{cloud_unique_id ip host heartbeat_port edit_log_port}';

export const clusterOperations = {
  add_cluster: alterCluster(
    Op.ADD_CLUSTER,
    `cluster_name! cluster_id! type! ${NEW_NODES} mysql_user_name public_endpoint private_endpoint cluster_status desc`,
    'Adds a cluster, with its nodes, to an instance.',
    { rules: addClusterRules, aliases: STOPPED },
  ),
  get_cluster: rpcOperation(
    methods.get_cluster,
    {
      topic,
      about: 'Shows one cluster by its id, its name or a user of it, or all clusters of an instance.',
      fields: `${INSTANCE_OR_NODE} ${CLUSTER} mysql_user_name`,
      shown: { kind: 'result', messages: [ClusterPBSchema, GetClusterResponseSchema] },
    },
    { run: getClusterOfInstance, show: showCluster },
  ),
  drop_cluster: alterCluster(Op.DROP_CLUSTER, CLUSTER, 'Drops a cluster and forgets its nodes.', {
    rules: dropClusterRules,
  }),
  rename_cluster: alterCluster(
    Op.RENAME_CLUSTER,
    'cluster_id! cluster_name!',
    'Gives the cluster with an id another name.',
    { rules: renameClusterRules },
  ),
  update_cluster_endpoint: alterCluster(
    Op.UPDATE_CLUSTER_ENDPOINT,
    'cluster_id! cluster_name public_endpoint private_endpoint',
    'Sets the public and the private endpoint of a cluster.',
    { rules: knownClusterRules },
  ),
  update_cluster_mysql_user_name: alterCluster(
    Op.UPDATE_CLUSTER_MYSQL_USER_NAME,
    'cluster_id! cluster_name mysql_user_name!',
    'Sets the users for whom a cluster is the default one.',
    { rules: updateUsersRules },
  ),
  add_node: alterCluster(
    Op.ADD_NODE,
    `${CLUSTER} type! ${NEW_NODES.replace('nodes', 'nodes!')}`,
    'Registers nodes in a cluster, all of them or none.',
    { rules: addNodeRules },
  ),
  drop_node: alterCluster(
    Op.DROP_NODE,
    `${CLUSTER} type! ${KNOWN_NODES.replace('nodes', 'nodes!')}`,
    'Removes nodes from their cluster, all of them or none.',
    { rules: dropNodeRules },
  ),
  decommission_node: alterCluster(
    Op.DECOMMISSION_NODE,
    `${CLUSTER} type ${KNOWN_NODES}`,
    'Marks nodes as leaving their cluster.',
    { rules: leavingNodesRules },
  ),
  notify_decommissioned: alterCluster(
    Op.NOTIFY_DECOMMISSIONED,
    `${CLUSTER} type ${KNOWN_NODES}`,
    'Marks nodes as having left their cluster.',
    { rules: leavingNodesRules },
  ),
  get_cluster_status: rpcOperation(
    methods.get_cluster_status,
    {
      topic,
      about: 'Shows the status of the clusters of several instances, of all or of those with one status.',
      fields: 'instance_ids cloud_unique_ids status',
      shown: { kind: 'result', messages: [methods.get_cluster_status.response] },
    },
    { aliases: STOPPED, show: showResponse },
  ),
  set_cluster_status: alterCluster(
    Op.SET_CLUSTER_STATUS,
    'cluster_id! cluster_name cluster_status!',
    'Moves a cluster to another status: from NORMAL to SUSPENDED, to TO_RESUME, and to NORMAL again.',
    { rules: setStatusRules, aliases: STOPPED },
  ),
} satisfies Readonly<Record<string, AdminOperation>>;

interface AlterOptions {
  readonly rules: Rules<typeof methods.alter_cluster.request>;
  readonly aliases?: EnumAliases;
}

/** `fields` are those of the cluster. */
function alterCluster(op: Op, fields: string, about: string, { rules, aliases }: AlterOptions): AdminOperation {
  return rpcOperation(
    methods.alter_cluster,
    { topic, about, fields: `${INSTANCE_OR_NODE} cluster!{${fields}}` },
    { fixed: { op }, rules, run: alterClusterByDocument, ...(aliases && { aliases }) },
  );
}

/** One cluster stands alone in the answer; all clusters of an instance come as the response of the method. */
function showCluster(
  schema: typeof GetClusterResponseSchema,
  response: Answer<typeof GetClusterResponseSchema>,
  request: GetClusterRequest,
): HttpAnswer {
  const [first] = response.cluster;
  if (response.status.code !== MetaServiceCode.OK || !first) return showStatus(schema, response);
  if (wantsAllClusters(request)) return showResponse(schema, response);
  return jsonReply('OK', '', writeProtobufJson(ClusterPBSchema, first));
}

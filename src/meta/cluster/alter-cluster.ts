import {
  type AlterClusterRequest,
  type ClusterPB,
  NodeStatusPB,
  AlterClusterRequest_Operation as Operation,
} from '../../schema/gen/cloud/cluster_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { resolveInstance } from '../identity/resolve-instance.ts';
import { invalid } from '../meta-error.ts';
import { addCluster } from './add-cluster.ts';
import { dropCluster } from './drop-cluster.ts';
import { addNodes, addNodesById, dropNodes, markNodes } from './nodes.ts';
import { renameCluster, setClusterStatus, updateClusterEndpoint, updateClusterUsers } from './update-cluster.ts';

type Alteration = (call: Call, instanceId: string, wanted: ClusterPB, request: AlterClusterRequest) => Promise<void>;

const ALTERATIONS: Partial<Record<Operation, Alteration>> = {
  [Operation.ADD_CLUSTER]: addCluster,
  [Operation.DROP_CLUSTER]: dropCluster,
  [Operation.ADD_NODE]: addNodes,
  [Operation.DROP_NODE]: dropNodes,
  [Operation.DECOMMISSION_NODE]: (call, instanceId, wanted) =>
    markNodes(call, instanceId, wanted, NodeStatusPB.NODE_STATUS_DECOMMISSIONING),
  [Operation.NOTIFY_DECOMMISSIONED]: (call, instanceId, wanted) =>
    markNodes(call, instanceId, wanted, NodeStatusPB.NODE_STATUS_DECOMMISSIONED),
  [Operation.RENAME_CLUSTER]: renameCluster,
  [Operation.UPDATE_CLUSTER_MYSQL_USER_NAME]: updateClusterUsers,
  [Operation.UPDATE_CLUSTER_ENDPOINT]: updateClusterEndpoint,
  [Operation.SET_CLUSTER_STATUS]: setClusterStatus,
};

/** More nodes than the record of an instance has room for, so that a request is refused before it costs time. */
const MOST_NODES = 10_000;

/** Checks of the request alone. */
export function checkAlterCluster({ cluster }: AlterClusterRequest): void {
  const count = cluster?.nodes.length ?? 0;
  if (count > MOST_NODES) throw invalid(`a request may name at most ${MOST_NODES} nodes, and names ${count}`);
}

/** Adds, changes and drops the clusters of an instance and their nodes. */
export function alterCluster(call: Call, request: AlterClusterRequest): Promise<Record<string, never>> {
  return alterClusterBy(ALTERATIONS[request.op], call, request);
}

/** As `alterCluster`, by the document, to which a node is known by its id. */
export function alterClusterByDocument(call: Call, request: AlterClusterRequest): Promise<Record<string, never>> {
  return alterClusterBy(request.op === Operation.ADD_NODE ? addNodesById : ALTERATIONS[request.op], call, request);
}

async function alterClusterBy(
  alter: Alteration | undefined,
  call: Call,
  request: AlterClusterRequest,
): Promise<Record<string, never>> {
  const instanceId = await instanceOfRequest(call, request);
  if (instanceId === '' || !request.cluster) throw invalid('invalid request instance_id or cluster not given');
  if (!isSet(request, 'op')) throw invalid('op not given');
  if (!alter) throw invalid(`invalid request op, op=${request.op}`);
  await alter(call, instanceId, request.cluster, request);
  return {};
}

/** The instance that a request names, or else the one of the node that it names, or an empty text. */
export async function instanceOfRequest(call: Call, request: AlterClusterRequest): Promise<string> {
  const { instanceId, cloudUniqueId } = request;
  if (instanceId !== '' || cloudUniqueId === '') return instanceId;
  const resolved = await resolveInstance(call, cloudUniqueId);
  if (resolved === undefined) throw invalid('empty instance_id');
  return resolved;
}

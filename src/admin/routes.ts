import { alterClusterByDocument } from '../meta/cluster/alter-cluster.ts';
import { getClusterOfInstance, wantsAllClusters } from '../meta/cluster/get-cluster.ts';
import { describeInstance } from '../meta/instance/get-instance.ts';
import { abortTabletJob } from '../meta/job/abort-tablet-job.ts';
import { MetaError } from '../meta/meta-error.ts';
import { methods } from '../rpc/methods.ts';
import type { Answer, Rules } from '../rpc/runner.ts';
import {
  AlterClusterRequest_Operation as ClusterOperation,
  ClusterPBSchema,
  type GetClusterRequest,
  type GetClusterResponseSchema,
} from '../schema/gen/cloud/cluster_pb.ts';
import {
  InstanceInfoPBSchema,
  AlterInstanceRequest_Operation as InstanceOperation,
} from '../schema/gen/cloud/instance_pb.ts';
import { FinishTabletJobRequest_Action as FinishAction } from '../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { AlterObjStoreInfoRequest_Operation as StoreOperation } from '../schema/gen/cloud/vault_pb.ts';
import type { EnumAliases } from '../schema/json/lenient-scalar.ts';
import { writeProtobufJson } from '../schema/json/write-protobuf-json.ts';
import type { HttpAnswer } from './http-types.ts';
import { decodeKeyTool, encodeKeyTool, getValueTool } from './key-tools.ts';
import { listInstances } from './listing/list-instances.ts';
import { listTxns } from './listing/list-txns.ts';
import { scanKeys } from './listing/scan-keys.ts';
import { adminCode, jsonReply } from './reply.ts';
import { type AdminCall, type Route, rpcRoute, showResponse, showStatus, showStatusAsText } from './route.ts';
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
} from './rules/cluster-rules.ts';
import { createInstanceRules, renameInstanceRules, setInstanceStatusRules } from './rules/instance-rules.ts';
import {
  addHdfsVaultRules,
  addObjInfoRules,
  addS3VaultRules,
  completeObjectStore,
  dropHdfsVaultRules,
  legacyUpdateRules,
  updateKeysRules,
} from './rules/storage-rules.ts';
import { fixTabletStatsTool, showStats } from './stats-tools.ts';
import { lazyCommitTool } from './txn-tools.ts';

/** The document's word for a suspended cluster. */
const STOPPED = new Map([['STOPPED', 'SUSPENDED']]);

/** In the document's example they are numbers. */
const COMPACTION_IDS = new Set(['doris.cloud.TabletCompactionJobPB.id']);

/** Every operation of the admin API, as it stands in the path behind `/MetaService/http/`, with or without `v1/`. */
export const routes: Readonly<Record<string, Route>> = {
  create_instance: rpcRoute(methods.create_instance, { rules: createInstanceRules }),
  drop_instance: alterInstance(InstanceOperation.DROP),
  rename_instance: alterInstance(InstanceOperation.RENAME, renameInstanceRules),
  enable_instance_sse: alterInstance(InstanceOperation.ENABLE_SSE),
  disable_instance_sse: alterInstance(InstanceOperation.DISABLE_SSE),
  set_instance_status: rpcRoute(methods.alter_instance, { rules: setInstanceStatusRules }),
  get_instance: getInstance,

  get_obj_store_info: rpcRoute(methods.get_obj_store_info, { show: showResponse }),
  show_storage_vaults: rpcRoute(methods.get_obj_store_info, { show: showResponse }),
  add_obj_info: rpcRoute(methods.alter_obj_store_info, {
    fixed: { op: StoreOperation.ADD_OBJ_INFO },
    complete: completeObjectStore,
    rules: addObjInfoRules,
  }),
  update_ak_sk: rpcRoute(methods.update_ak_sk, { rules: updateKeysRules }),
  legacy_update_ak_sk: rpcRoute(methods.alter_obj_store_info, {
    fixed: { op: StoreOperation.LEGACY_UPDATE_AK_SK },
    rules: legacyUpdateRules,
  }),
  add_s3_vault: alterVault(StoreOperation.ADD_S3_VAULT, addS3VaultRules),
  alter_s3_vault: alterVault(StoreOperation.ALTER_S3_VAULT),
  drop_s3_vault: alterVault(StoreOperation.DROP_S3_VAULT),
  add_hdfs_vault: alterVault(StoreOperation.ADD_HDFS_INFO, addHdfsVaultRules),
  drop_hdfs_vault: alterVault(StoreOperation.DROP_HDFS_INFO, dropHdfsVaultRules),
  alter_ram_user: rpcRoute(methods.alter_ram_user),
  alter_iam: rpcRoute(methods.alter_iam),
  get_stage: rpcRoute(methods.get_stage, { show: showResponse }),

  add_cluster: alterCluster(ClusterOperation.ADD_CLUSTER, addClusterRules, STOPPED),
  get_cluster: rpcRoute(methods.get_cluster, { run: getClusterOfInstance, show: showCluster }),
  drop_cluster: alterCluster(ClusterOperation.DROP_CLUSTER, dropClusterRules),
  rename_cluster: alterCluster(ClusterOperation.RENAME_CLUSTER, renameClusterRules),
  update_cluster_endpoint: alterCluster(ClusterOperation.UPDATE_CLUSTER_ENDPOINT, knownClusterRules),
  update_cluster_mysql_user_name: alterCluster(ClusterOperation.UPDATE_CLUSTER_MYSQL_USER_NAME, updateUsersRules),
  add_node: alterCluster(ClusterOperation.ADD_NODE, addNodeRules),
  drop_node: alterCluster(ClusterOperation.DROP_NODE, dropNodeRules),
  decommission_node: alterCluster(ClusterOperation.DECOMMISSION_NODE, leavingNodesRules),
  notify_decommissioned: alterCluster(ClusterOperation.NOTIFY_DECOMMISSIONED, leavingNodesRules),
  get_cluster_status: rpcRoute(methods.get_cluster_status, { aliases: STOPPED, show: showResponse }),
  set_cluster_status: alterCluster(ClusterOperation.SET_CLUSTER_STATUS, setStatusRules, STOPPED),

  get_tablet_stats: rpcRoute(methods.get_tablet_stats, { show: showStats }),
  fix_tablet_stats: fixTabletStatsTool,
  abort_tablet_job: rpcRoute(methods.finish_tablet_job, {
    fixed: { action: FinishAction.ABORT },
    numbersAsText: COMPACTION_IDS,
    run: abortTabletJob,
    show: showStatusAsText,
  }),
  abort_txn: rpcRoute(methods.abort_txn, { show: showStatusAsText }),

  decode_key: ({ query }) => decodeKeyTool(query),
  encode_key: ({ query }) => encodeKeyTool(query),
  get_value: ({ query, store }) => getValueTool(store, query),
  show_meta_ranges: showMetaRanges,
  txn_lazy_commit: lazyCommitTool,

  list_instances: listInstances,
  list_txns: listTxns,
  scan_keys: scanKeys,
};

function alterInstance(op: InstanceOperation, rules?: Rules<typeof methods.alter_instance.request>): Route {
  return rpcRoute(methods.alter_instance, { fixed: { op }, ...(rules && { rules }) });
}

function alterVault(op: StoreOperation, rules?: Rules<typeof methods.alter_storage_vault.request>): Route {
  return rpcRoute(methods.alter_storage_vault, { fixed: { op }, ...(rules && { rules }) });
}

function alterCluster(
  op: ClusterOperation,
  rules: Rules<typeof methods.alter_cluster.request>,
  aliases: EnumAliases = new Map(),
): Route {
  return rpcRoute(methods.alter_cluster, { fixed: { op }, rules, aliases, run: alterClusterByDocument });
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

/** The operations whose answers depend on the request and the store alone, and change neither. */
export const reads: ReadonlySet<string> = new Set([
  'get_instance',
  'get_obj_store_info',
  'show_storage_vaults',
  'get_stage',
  'get_cluster',
  'get_cluster_status',
]);

async function getInstance({ query, runner }: AdminCall): Promise<HttpAnswer> {
  const instanceId = query.decoded('instance_id');
  const cloudUniqueId = query.decoded('cloud_unique_id');
  try {
    const instance = await runner.read('get_instance', (call) => describeInstance(call, instanceId, cloudUniqueId));
    return jsonReply('OK', '', writeProtobufJson(InstanceInfoPBSchema, instance));
  } catch (error) {
    if (error instanceof MetaError) return jsonReply(adminCode(error.code), error.message, '{}');
    throw error;
  }
}

function showMetaRanges(): HttpAnswer {
  return jsonReply('INVALID_ARGUMENT', 'this method only support fdb txn kv');
}

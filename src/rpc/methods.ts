import { alterCluster, checkAlterCluster } from '../meta/cluster/alter-cluster.ts';
import { getCluster } from '../meta/cluster/get-cluster.ts';
import { getClusterStatus } from '../meta/cluster/get-cluster-status.ts';
import { alterIam } from '../meta/iam/alter-iam.ts';
import { alterRamUser } from '../meta/iam/alter-ram-user.ts';
import { getIam } from '../meta/iam/get-iam.ts';
import { alterInstance } from '../meta/instance/alter-instance.ts';
import { createInstance } from '../meta/instance/create-instance.ts';
import { getInstance } from '../meta/instance/get-instance.ts';
import { createStage } from '../meta/stage/create-stage.ts';
import { dropStage } from '../meta/stage/drop-stage.ts';
import { getStage } from '../meta/stage/get-stage.ts';
import { alterObjStoreInfo, checkAlterObjStoreInfo } from '../meta/vault/alter-obj-store-info.ts';
import { alterStorageVault, checkAlterStorageVault } from '../meta/vault/alter-storage-vault.ts';
import { getObjStoreInfo } from '../meta/vault/get-obj-store-info.ts';
import { updateAkSk } from '../meta/vault/update-ak-sk.ts';
import * as cluster from '../schema/gen/cloud/cluster_pb.ts';
import * as iam from '../schema/gen/cloud/iam_pb.ts';
import * as instance from '../schema/gen/cloud/instance_pb.ts';
import * as store from '../schema/gen/cloud/object_store_pb.ts';
import * as stage from '../schema/gen/cloud/stage_pb.ts';
import * as vault from '../schema/gen/cloud/vault_pb.ts';
import { method } from './method.ts';

/** What most methods say of a caller without an id, and of one that they don't know. */
const BY_UNIQUE_ID = { missing: 'cloud unique id not set', unknown: 'empty instance_id' };

/** The methods of `doris.cloud.MetaService`, by their names on the wire. */
export const methods = {
  create_instance: method({
    name: 'create_instance',
    request: instance.CreateInstanceRequestSchema,
    response: instance.CreateInstanceResponseSchema,
    run: createInstance,
  }),
  alter_instance: method({
    name: 'alter_instance',
    request: instance.AlterInstanceRequestSchema,
    response: instance.AlterInstanceResponseSchema,
    run: alterInstance,
  }),
  get_instance: method({
    name: 'get_instance',
    request: instance.GetInstanceRequestSchema,
    response: instance.GetInstanceResponseSchema,
    caller: { missing: 'cloud_unique_id must be given', unknown: 'empty instance_id' },
    run: getInstance,
  }),

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

  get_obj_store_info: method({
    name: 'get_obj_store_info',
    request: vault.GetObjStoreInfoRequestSchema,
    response: vault.GetObjStoreInfoResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getObjStoreInfo,
  }),
  alter_obj_store_info: method({
    name: 'alter_obj_store_info',
    request: vault.AlterObjStoreInfoRequestSchema,
    response: vault.AlterObjStoreInfoResponseSchema,
    check: checkAlterObjStoreInfo,
    caller: BY_UNIQUE_ID,
    run: alterObjStoreInfo,
  }),
  alter_storage_vault: method({
    name: 'alter_storage_vault',
    request: vault.AlterObjStoreInfoRequestSchema,
    response: vault.AlterObjStoreInfoResponseSchema,
    check: checkAlterStorageVault,
    caller: BY_UNIQUE_ID,
    run: alterStorageVault,
  }),
  update_ak_sk: method({
    name: 'update_ak_sk',
    request: store.UpdateAkSkRequestSchema,
    response: store.UpdateAkSkResponseSchema,
    run: updateAkSk,
  }),

  get_iam: method({
    name: 'get_iam',
    request: iam.GetIamRequestSchema,
    response: iam.GetIamResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getIam,
  }),
  alter_iam: method({
    name: 'alter_iam',
    request: iam.AlterIamRequestSchema,
    response: iam.AlterIamResponseSchema,
    run: alterIam,
  }),
  alter_ram_user: method({
    name: 'alter_ram_user',
    request: iam.AlterRamUserRequestSchema,
    response: iam.AlterRamUserResponseSchema,
    run: alterRamUser,
  }),

  create_stage: method({
    name: 'create_stage',
    request: stage.CreateStageRequestSchema,
    response: stage.CreateStageResponseSchema,
    caller: BY_UNIQUE_ID,
    run: createStage,
  }),
  get_stage: method({
    name: 'get_stage',
    request: stage.GetStageRequestSchema,
    response: stage.GetStageResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getStage,
  }),
  drop_stage: method({
    name: 'drop_stage',
    request: stage.DropStageRequestSchema,
    response: stage.DropStageResponseSchema,
    caller: BY_UNIQUE_ID,
    run: dropStage,
  }),
} as const;

export type Methods = typeof methods;

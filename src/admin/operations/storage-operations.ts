import { methods } from '../../rpc/methods.ts';
import type { Rules } from '../../rpc/runner.ts';
import { AlterObjStoreInfoRequest_Operation as Op } from '../../schema/gen/cloud/vault_pb.ts';
import { type AdminOperation, rpcOperation, type Shown } from '../operation.ts';
import { showResponse } from '../route.ts';
import {
  addHdfsVaultRules,
  addObjInfoRules,
  addS3VaultRules,
  completeObjectStore,
  dropHdfsVaultRules,
  legacyUpdateRules,
  updateKeysRules,
} from '../rules/storage-rules.ts';
import { NEW_HDFS, NEW_STORE, RAM_USER } from './fields.ts';

const topic = 'storage';
const STORES: Shown = { kind: 'result', messages: [methods.get_obj_store_info.response] };
const DEFAULT = 'set_as_default_storage_vault';

export const storageOperations = {
  get_obj_store_info: rpcOperation(
    methods.get_obj_store_info,
    {
      topic,
      about: 'Shows the object stores and storage vaults of an instance, secret keys in the clear.',
      fields: 'cloud_unique_id!',
      shown: STORES,
    },
    { show: showResponse },
  ),
  show_storage_vaults: rpcOperation(
    methods.get_obj_store_info,
    {
      topic,
      about: 'Shows the same as get_obj_store_info.',
      fields: 'cloud_unique_id!',
      shown: STORES,
    },
    { show: showResponse },
  ),
  add_obj_info: rpcOperation(
    methods.alter_obj_store_info,
    {
      topic,
      about: 'Adds an object store to an instance that was created with one and has no storage vaults.',
      fields:
        'cloud_unique_id! obj!{ak! sk! bucket! prefix endpoint! external_endpoint region! provider use_path_style}',
    },
    { fixed: { op: Op.ADD_OBJ_INFO }, complete: completeObjectStore, rules: addObjInfoRules },
  ),
  update_ak_sk: rpcOperation(
    methods.update_ak_sk,
    {
      topic,
      about: 'Replaces the keys of an instance for object storage, those of buckets by their users.',
      fields: `instance_id! internal_bucket_user{${RAM_USER}} ram_user{${RAM_USER}}`,
    },
    { rules: updateKeysRules },
  ),
  legacy_update_ak_sk: rpcOperation(
    methods.alter_obj_store_info,
    {
      topic,
      about: 'Replaces the keys of one object store of an instance.',
      fields: 'cloud_unique_id! obj!{id! ak! sk!}',
    },
    { fixed: { op: Op.LEGACY_UPDATE_AK_SK }, rules: legacyUpdateRules },
  ),
  add_s3_vault: alterVault(
    Op.ADD_S3_VAULT,
    `cloud_unique_id! vault!{name! obj_info!{${NEW_STORE}}} ${DEFAULT}`,
    'Adds a storage vault on object storage to an instance.',
    addS3VaultRules,
  ),
  alter_s3_vault: alterVault(
    Op.ALTER_S3_VAULT,
    'cloud_unique_id! vault!{name! alter_name obj_info!{ak sk use_path_style}}',
    'Changes the name of a storage vault on object storage, its keys, or how its bucket is addressed.',
  ),
  drop_s3_vault: alterVault(
    Op.DROP_S3_VAULT,
    'cloud_unique_id! vault!{name!}',
    'Is always refused, as what such a vault holds could not be found again.',
  ),
  add_hdfs_vault: alterVault(
    Op.ADD_HDFS_INFO,
    `cloud_unique_id! vault!{name! ${NEW_HDFS.replace('hdfs_info', 'hdfs_info!')}} ${DEFAULT}`,
    'Adds a storage vault on HDFS to an instance.',
    addHdfsVaultRules,
  ),
  drop_hdfs_vault: alterVault(
    Op.DROP_HDFS_INFO,
    'cloud_unique_id! vault!{name!}',
    'Drops a storage vault on HDFS.',
    dropHdfsVaultRules,
  ),
  alter_ram_user: rpcOperation(methods.alter_ram_user, {
    topic,
    about: 'Sets the RAM user of an instance, by whom buckets of others are reached.',
    fields: `instance_id! ram_user!{${RAM_USER}}`,
  }),
  alter_iam: rpcOperation(methods.alter_iam, {
    topic,
    about: 'Sets the IAM user of the whole service.',
    fields: 'account_id! ak! sk!',
  }),
  get_stage: rpcOperation(
    methods.get_stage,
    {
      topic,
      about: 'Shows the internal stage of a user, one external stage by its name, or all external stages.',
      fields: 'cloud_unique_id! type! stage_name mysql_user_name mysql_user_id',
      shown: { kind: 'result', messages: [methods.get_stage.response] },
    },
    { show: showResponse },
  ),
} satisfies Readonly<Record<string, AdminOperation>>;

function alterVault(
  op: Op,
  fields: string,
  about: string,
  rules?: Rules<typeof methods.alter_storage_vault.request>,
): AdminOperation {
  const facts = { topic, about, fields } as const;
  return rpcOperation(methods.alter_storage_vault, facts, { fixed: { op }, ...(rules && { rules }) });
}

import type { AnyMethod } from '../../../src/rpc/method.ts';
import { methods } from '../../../src/rpc/methods.ts';
import { abortedJobs } from './bodies/job.ts';
import { TABLET_BODIES } from './bodies/tablet.ts';
import { TXN_BODIES } from './bodies/txn.ts';
import {
  asCaller,
  type Body,
  backend,
  callerOf,
  frontend,
  hdfsInfo,
  name,
  objectStore,
  onEach,
  ramUser,
  type World,
} from './world.ts';

/** An operation of the admin API with requests that are right, or nearly so. */
export interface Operation {
  readonly method: AnyMethod;
  /** Of a method with several operations, the one that the admin operation stands for. */
  readonly op?: string;
  readonly bodies: (world: World) => readonly Body[];
}

/** The operations of the admin API that take a body. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  create_instance: {
    method: methods.create_instance,
    bodies: (world) => [
      { ...newInstance(world), vault: { obj_info: objectStore(world) } },
      { ...newInstance(world), vault: { hdfs_info: hdfsInfo(world) } },
      { ...newInstance(world), vault: { hdfs_info: hdfsInfo(world), obj_info: objectStore(world) } },
      { ...newInstance(world), obj_info: objectStore(world), ram_user: ramUser(world), sse_enabled: true },
      { ...newInstance(world), instance_id: world.s3 },
    ],
  },
  drop_instance: { method: methods.alter_instance, op: 'DROP', bodies: onEach((instance_id) => ({ instance_id })) },
  rename_instance: {
    method: methods.alter_instance,
    op: 'RENAME',
    bodies: onEach((instance_id, { serial }) => ({ instance_id, name: `renamed${serial()}` })),
  },
  enable_instance_sse: sse('ENABLE_SSE'),
  disable_instance_sse: sse('DISABLE_SSE'),
  set_instance_status: {
    method: methods.alter_instance,
    bodies: ({ s3, hdfs }) => [
      { instance_id: s3, op: 'SET_OVERDUE' },
      { instance_id: s3, op: 'SET_NORMAL' },
      { instance_id: hdfs, op: 'DROP' },
      { instance_id: s3, op: 'REFRESH' },
    ],
  },
  get_obj_store_info: { method: methods.get_obj_store_info, bodies: asCaller(() => ({})) },
  show_storage_vaults: { method: methods.get_obj_store_info, bodies: asCaller(() => ({})) },
  add_obj_info: {
    method: methods.alter_obj_store_info,
    op: 'ADD_OBJ_INFO',
    bodies: asCaller((world) => ({ obj: objectStore(world, `bucket${world.serial()}`) })),
  },
  update_ak_sk: {
    method: methods.update_ak_sk,
    bodies: (world) => [
      {
        instance_id: world.legacy,
        internal_bucket_user: [{ user_id: 'bucket_user', ak: 'ak', sk: world.secret() }],
        ram_user: { user_id: 'ram_user', ak: 'ak', sk: world.secret() },
      },
      { instance_id: world.legacy, ram_user: { user_id: 'other', ak: 'ak', sk: world.secret() } },
      { instance_id: world.s3, internal_bucket_user: [{ user_id: 'nobody', ak: 'ak', sk: world.secret() }] },
    ],
  },
  legacy_update_ak_sk: {
    method: methods.alter_obj_store_info,
    op: 'LEGACY_UPDATE_AK_SK',
    bodies: asCaller((world) => ({ obj: { id: '1', ak: 'ak', sk: world.secret() } })),
  },
  add_s3_vault: vaults('ADD_S3_VAULT', (world) => ({ name: name('s3v', world), obj_info: objectStore(world) })),
  alter_s3_vault: vaults('ALTER_S3_VAULT', (world) => ({
    name: 'built_in_storage_vault',
    alter_name: name('altered', world),
    obj_info: { ak: 'ak', sk: world.secret(), use_path_style: true },
  })),
  drop_s3_vault: vaults('DROP_S3_VAULT', (world) => ({
    name: 'built_in_storage_vault',
    obj_info: { ak: 'ak', sk: world.secret() },
  })),
  add_hdfs_vault: vaults('ADD_HDFS_INFO', (world) => ({
    name: name('hdfsv', world),
    hdfs_info: hdfsInfo(world),
    ...(world.serial() % 3 === 0 && { obj_info: objectStore(world) }),
  })),
  drop_hdfs_vault: vaults('DROP_HDFS_INFO', () => ({ name: 'built_in_storage_vault' })),
  alter_ram_user: {
    method: methods.alter_ram_user,
    bodies: onEach((instance_id, world) => ({ instance_id, ram_user: ramUser(world) })),
  },
  alter_iam: {
    method: methods.alter_iam,
    bodies: (world) => [{ account_id: 'account', ak: 'ak', sk: world.secret() }],
  },
  get_stage: {
    method: methods.get_stage,
    bodies: ({ legacy }) => [
      { cloud_unique_id: callerOf(legacy), type: 'EXTERNAL' },
      { cloud_unique_id: callerOf(legacy), type: 'EXTERNAL', stage_name: 'ext_stage' },
      { cloud_unique_id: callerOf(legacy), type: 'INTERNAL', mysql_user_name: 'user1', mysql_user_id: 'id1' },
      { cloud_unique_id: callerOf(legacy), type: 'INTERNAL', mysql_user_name: 'user1', mysql_user_id: 'id2' },
    ],
  },
  add_cluster: clusters('ADD_CLUSTER', (instance_id, world) => [
    {
      cluster_name: name('c', world),
      cluster_id: name('cid', world),
      type: 'COMPUTE',
      nodes: [backend(instance_id, name('be', world)), backend(instance_id, name('be', world))],
    },
    {
      cluster_name: name('c', world),
      cluster_id: name('cid', world),
      type: 'SQL',
      nodes: [frontend(instance_id, name('fe', world), 'FE_FOLLOWER'), frontend(instance_id, 'fe1', 'FE_OBSERVER')],
    },
    { cluster_name: 'compute', cluster_id: 'compute_id', type: 'COMPUTE' },
  ]),
  get_cluster: {
    method: methods.get_cluster,
    bodies: ({ s3, legacy }) => [
      { instance_id: s3, cloud_unique_id: callerOf(s3), cluster_name: 'compute', cluster_id: 'compute_id' },
      { cloud_unique_id: callerOf(legacy) },
      { instance_id: legacy, mysql_user_name: 'nobody' },
    ],
  },
  drop_cluster: clusters('DROP_CLUSTER', () => [
    { cluster_name: 'compute', cluster_id: 'compute_id' },
    { cluster_id: 'frontends_id' },
  ]),
  rename_cluster: clusters('RENAME_CLUSTER', (_instance_id, world) => [
    { cluster_id: 'compute_id', cluster_name: name('renamed', world) },
    { cluster_id: 'compute_id', cluster_name: 'frontends' },
  ]),
  update_cluster_endpoint: clusters('UPDATE_CLUSTER_ENDPOINT', () => [
    { cluster_id: 'compute_id', public_endpoint: 'p:1', private_endpoint: 'q:2' },
  ]),
  update_cluster_mysql_user_name: clusters('UPDATE_CLUSTER_MYSQL_USER_NAME', () => [
    { cluster_id: 'compute_id', cluster_name: 'compute', mysql_user_name: ['jack', 'root'] },
  ]),
  add_node: clusters('ADD_NODE', (instance_id, world) => [
    { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [backend(instance_id, name('be', world), 1 + world.serial())] },
    {
      cluster_name: 'frontends',
      type: 'SQL',
      nodes: [frontend(instance_id, name('fe', world), 'FE_OBSERVER'), frontend(instance_id, 'fe2', 'FE_OBSERVER')],
    },
  ]),
  drop_node: clusters('DROP_NODE', (instance_id) => [
    { cluster_id: 'compute_id', cluster_name: 'compute', type: 'COMPUTE', nodes: [backend(instance_id, 'be1')] },
    { cluster_id: 'frontends_id', type: 'SQL', nodes: [frontend(instance_id, 'fe1', 'FE_MASTER')] },
  ]),
  decommission_node: clusters('DECOMMISSION_NODE', (instance_id) => [
    {
      cluster_id: 'compute_id',
      type: 'COMPUTE',
      nodes: [backend(instance_id, 'be1'), backend(instance_id, 'be2', 9051)],
    },
  ]),
  notify_decommissioned: clusters('NOTIFY_DECOMMISSIONED', (instance_id) => [
    { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [backend(instance_id, 'be2', 9051)] },
    { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [] },
  ]),
  get_cluster_status: {
    method: methods.get_cluster_status,
    bodies: ({ s3, hdfs, legacy }) => [
      { instance_ids: [s3, hdfs, legacy], status: 'NORMAL' },
      { cloud_unique_ids: [callerOf(s3), callerOf(hdfs), 'nobody'], status: 'STOPPED' },
    ],
  },
  get_tablet_stats: { method: methods.get_tablet_stats, bodies: TABLET_BODIES.get_tablet_stats },
  abort_txn: { method: methods.abort_txn, bodies: TXN_BODIES.abort_txn },
  set_cluster_status: clusters('SET_CLUSTER_STATUS', () => [
    { cluster_id: 'compute_id', cluster_status: 'STOPPED' },
    { cluster_id: 'compute_id', cluster_status: 'TO_RESUME' },
    { cluster_id: 'compute_id', cluster_status: 'NORMAL' },
  ]),
  abort_tablet_job: { method: methods.finish_tablet_job, bodies: abortedJobs },
};

function newInstance({ serial, s3 }: World): Body {
  return { instance_id: `${s3}_new_${serial()}`, name: 'name', user_id: 'user' };
}

function sse(op: string): Operation {
  return { method: methods.alter_instance, op, bodies: onEach((instance_id) => ({ instance_id })) };
}

function vaults(op: string, vault: (world: World) => Body): Operation {
  return { method: methods.alter_storage_vault, op, bodies: asCaller((world) => ({ vault: vault(world) })) };
}

function clusters(op: string, make: (instanceId: string, world: World) => readonly Body[]): Operation {
  return {
    method: methods.alter_cluster,
    op,
    bodies: (world) =>
      [world.s3, world.legacy].flatMap((instance_id) =>
        make(instance_id, world).map((cluster) => ({ instance_id, cluster })),
      ),
  };
}

import type { Random } from '../random.ts';
import { plantedSecret } from './secrets.ts';

/** A request as JSON. */
export type Body = Record<string, unknown>;

/** Names that requests of one generation use, so that they meet what was created by others of it. */
export interface World {
  /** With a first vault on S3. */
  readonly s3: string;
  /** With a first vault on HDFS. */
  readonly hdfs: string;
  /** With a legacy object store, a RAM user and stages. */
  readonly legacy: string;
  /** A new secret each time. */
  readonly secret: () => string;
  /** A number that no other request of the generation has. */
  readonly serial: () => number;
  /** The ids of transactions of the instance `s3` that have begun, as they are known once it is planted. */
  readonly txnIds: string[];
}

export function newWorld(random: Random, generation: string): World {
  let serial = 0;
  return {
    s3: `s3_${generation}`,
    hdfs: `hdfs_${generation}`,
    legacy: `legacy_${generation}`,
    secret: () => plantedSecret(random),
    serial: () => serial++,
    txnIds: [],
  };
}

/** A caller of an instance, as a frontend of it. */
export function callerOf(instanceId: string): string {
  return `1:${instanceId}:fe1`;
}

export function objectStore(world: World, bucket = 'bucket'): Record<string, unknown> {
  return {
    ak: 'ak_of_fuzz',
    sk: world.secret(),
    bucket,
    prefix: 'pre/fix',
    endpoint: 'endpoint.example.com',
    external_endpoint: 'external.example.com',
    region: 'region-1',
    provider: 'S3',
    user_id: 'bucket_user',
  };
}

export function hdfsInfo(world: World): Record<string, unknown> {
  return {
    prefix: 'some/prefix',
    build_conf: {
      fs_name: 'hdfs://10.0.0.1:4007',
      user: 'hadoop',
      hdfs_kerberos_keytab: '/etc/fuzz.keytab',
      hdfs_kerberos_principal: 'hadoop/10.0.0.1@EXAMPLE',
      hdfs_confs: [
        { key: 'hadoop.security.authentication', value: 'kerberos' },
        { key: 'some.password', value: world.secret() },
      ],
    },
  };
}

export function ramUser(world: World): Record<string, unknown> {
  return { user_id: 'ram_user', ak: 'ak_of_ram_user', sk: world.secret(), external_id: 'ext' };
}

export function backend(instanceId: string, name: string, port = 9050): Record<string, unknown> {
  return { cloud_unique_id: `1:${instanceId}:${name}`, ip: '10.1.1.1', host: name, heartbeat_port: port };
}

export function frontend(instanceId: string, name: string, node_type: string): Record<string, unknown> {
  return { cloud_unique_id: `1:${instanceId}:${name}`, ip: '10.1.1.2', host: name, edit_log_port: 9010, node_type };
}

/** What every generation starts with: operations of the admin API and methods with their bodies, all of which succeed. */
export function foundations(world: World): readonly (readonly [path: string, body: Record<string, unknown>])[] {
  const { s3, hdfs, legacy } = world;
  const admin = (operation: string, body: Record<string, unknown>) => [`http/${operation}`, body] as const;
  return [
    admin('create_instance', {
      instance_id: s3,
      name: 'name',
      user_id: 'user',
      vault: { obj_info: objectStore(world) },
    }),
    admin('create_instance', {
      instance_id: hdfs,
      name: 'name',
      user_id: 'user',
      vault: { hdfs_info: hdfsInfo(world) },
    }),
    admin('create_instance', {
      instance_id: legacy,
      name: 'name',
      user_id: 'user',
      obj_info: objectStore(world),
      ram_user: ramUser(world),
    }),
    ...[s3, legacy].flatMap((instance_id) => [
      admin('add_cluster', {
        instance_id,
        cluster: {
          cluster_name: 'compute',
          cluster_id: 'compute_id',
          type: 'COMPUTE',
          nodes: [backend(instance_id, 'be1'), backend(instance_id, 'be2', 9051)],
        },
      }),
      admin('add_cluster', {
        instance_id,
        cluster: {
          cluster_name: 'frontends',
          cluster_id: 'frontends_id',
          type: 'SQL',
          nodes: [frontend(instance_id, 'fe1', 'FE_MASTER'), frontend(instance_id, 'fe2', 'FE_OBSERVER')],
        },
      }),
    ]),
    ['create_stage', { cloud_unique_id: callerOf(legacy), stage: internalStage() }],
    ['create_stage', { cloud_unique_id: callerOf(legacy), stage: externalStage(world, 'ext_stage') }],
    ...['t0', 't1', 't2'].map((label) => ['begin_txn', loadTxn(world, label)] as const),
  ];
}

/** The database and the table that transactions are about. */
export const LOAD_DB = 1001;
export const LOAD_TABLE = 10_010;

/** What begins a load that a backend coordinates. */
export function loadTxn({ s3 }: World, label: string): Record<string, unknown> {
  return {
    cloud_unique_id: callerOf(s3),
    txn_info: {
      db_id: LOAD_DB,
      table_ids: [LOAD_TABLE, LOAD_TABLE + 1],
      label,
      timeout_ms: 60_000,
      request_id: { hi: 1, lo: 2 },
      coordinator: { sourceType: 'TXN_SOURCE_TYPE_BE', ip: '10.1.1.1', id: 3, start_time: 5 },
      load_job_source_type: 'LOAD_JOB_SRC_TYPE_BACKEND_STREAMING',
      precommit_timeout_ms: 1000,
      listener_id: 4,
    },
  };
}

export function internalStage(): Record<string, unknown> {
  return { type: 'INTERNAL', mysql_user_name: ['user1'], mysql_user_id: ['id1'], stage_id: 'internal_stage_id' };
}

export function externalStage(world: World, name: string): Record<string, unknown> {
  return {
    type: 'EXTERNAL',
    name,
    stage_id: `${name}_id`,
    obj_info: objectStore(world),
    properties: { 'default.file.type': 'csv' },
    access_type: 'AKSK',
    comment: 'a stage',
  };
}

/** A name that no other request of the generation has. */
export function name(prefix: string, { serial }: World): string {
  return `${prefix}_${serial()}`;
}

/** A body for each of the three instances. */
export function onEach(body: (instanceId: string, world: World) => Body): (world: World) => Body[] {
  return (world) => [world.s3, world.hdfs, world.legacy].map((id) => body(id, world));
}

/** A body for each of the three instances, which a node of it sends. */
export function asCaller(body: (world: World) => Body): (world: World) => Body[] {
  return onEach((id, world) => ({ cloud_unique_id: callerOf(id), ...body(world) }));
}

import { MetaService } from '../../src/schema/gen/cloud/meta_service_pb.ts';

/** One call, for whatever client and protocol: what is asked, and what must at least be in the answer, as protobuf's JSON. */
export interface SharedCall {
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, unknown>>;
}

const INSTANCE = 'shared_calls';
const FRONTEND = `1:${INSTANCE}:fe`;
const OK = { status: { code: 'OK' } };
const DB = { db_id: '10', table_id: '20' };

/**
 * A short life of a service, to be made in this order on an empty store: an instance with a cluster, a partition, and one
 * load, with errors on the way. 64-bit integers are texts, as protobuf's JSON has them.
 */
export const SHARED_CALLS: readonly SharedCall[] = [
  {
    method: 'create_instance',
    request: {
      instance_id: INSTANCE,
      user_id: 'user',
      name: 'name',
      obj_info: { ak: 'ak', sk: 'sk', bucket: 'bucket', prefix: 'prefix', endpoint: 'endpoint', region: 'region' },
    },
    response: { status: { code: 'INVALID_ARGUMENT' } },
  },
  {
    method: 'create_instance',
    request: {
      instance_id: INSTANCE,
      user_id: 'user',
      name: 'name',
      obj_info: {
        ak: 'ak',
        sk: 'sk',
        bucket: 'bucket',
        prefix: 'prefix',
        endpoint: 'endpoint',
        external_endpoint: 'endpoint',
        region: 'region',
        provider: 'COS',
      },
    },
    response: OK,
  },
  {
    method: 'get_instance',
    request: { cloud_unique_id: FRONTEND },
    response: { ...OK, instance: { instance_id: INSTANCE, name: 'name' } },
  },
  {
    method: 'get_version',
    request: { cloud_unique_id: FRONTEND },
    response: { status: { code: 'INVALID_ARGUMENT' } },
  },
  {
    method: 'get_version',
    request: { cloud_unique_id: FRONTEND, ...DB, partition_id: '30' },
    response: { status: { code: 'VERSION_NOT_FOUND' } },
  },
  {
    method: 'begin_txn',
    request: {
      cloud_unique_id: FRONTEND,
      txn_info: { db_id: '10', table_ids: ['20'], label: 'été – 装载', timeout_ms: '60000' },
    },
    response: OK,
  },
  {
    method: 'begin_txn',
    request: {
      cloud_unique_id: FRONTEND,
      txn_info: { db_id: '10', table_ids: ['20'], label: 'été – 装载', timeout_ms: '1' },
    },
    response: { status: { code: 'TXN_LABEL_ALREADY_USED' }, txn_status: 'TXN_STATUS_PREPARED' },
  },
  {
    method: 'get_txn_id',
    request: { cloud_unique_id: FRONTEND, db_id: '10', label: 'none' },
    response: { status: { code: 'TXN_ID_NOT_FOUND' } },
  },
  {
    method: 'get_cluster',
    request: { cloud_unique_id: FRONTEND, cluster_id: 'none' },
    response: { status: { code: 'CLUSTER_NOT_FOUND' } },
  },
];

/** The method of the service that has a name. */
export function methodNamed(name: string) {
  const method = Object.values(MetaService.method).find((one) => one.name === name);
  if (!method) throw new Error(`there is no method ${name}`);
  return method;
}

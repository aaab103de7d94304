import { create } from '@bufbuild/protobuf';
import type { Settings } from '../../../src/config/settings.ts';
import { keys } from '../../../src/keys/key-table.ts';
import type { Store } from '../../../src/kv/store.ts';
import type { Logger } from '../../../src/observe/logger.ts';
import { writeRecord } from '../../../src/records/message-record.ts';
import {
  ClusterPB_Type as ClusterType,
  type NodeInfoPB_NodeType as NodeType,
} from '../../../src/schema/gen/cloud/cluster_pb.ts';
import { InstanceInfoPBSchema, InstanceInfoPB_Status as Status } from '../../../src/schema/gen/cloud/instance_pb.ts';
import { createServices } from '../../../src/server/services.ts';
import { startTestServer, type TestServer } from '../run-server.ts';

/** A node of a test: where it is, and for a frontend what it is registered as. */
export interface TestNode {
  readonly ip?: string;
  readonly host?: string;
  readonly heartbeat_port?: number;
  readonly type?: NodeType;
}

export interface TestInstance {
  readonly frontends?: readonly TestNode[];
  /** By the ids of their clusters. */
  readonly backends?: Readonly<Record<string, readonly TestNode[]>>;
  readonly dropped?: boolean;
}

/** Stores an instance as it stands there, whatever the API would say. */
export function putInstance(store: Store, instanceId: string, instance: TestInstance): Promise<void> {
  const { frontends = [], backends = {}, dropped = false } = instance;
  const nodes = (all: readonly TestNode[]) =>
    all.map(({ ip = '', host = '', heartbeat_port = 0, type = 0 }) => ({
      ...{ ip, host, heartbeatPort: heartbeat_port },
      ...(type !== 0 && { nodeType: type }),
    }));
  const sql = { clusterId: 'RESERVED_CLUSTER_ID_FOR_SQL_SERVER', type: ClusterType.SQL, nodes: nodes(frontends) };
  const compute = Object.entries(backends).map(([clusterId, each]) => ({
    ...{ clusterId, clusterName: `name_of_${clusterId}`, type: ClusterType.COMPUTE, nodes: nodes(each) },
  }));
  const clusters = [...(frontends.length > 0 ? [sql] : []), ...compute];
  const status = dropped ? Status.DELETED : Status.NORMAL;
  const message = create(InstanceInfoPBSchema, { instanceId, status, clusters });
  return store.transact(async (txn) => writeRecord(txn, keys.instance, { instance_id: instanceId }, message));
}

export interface StatusServer extends TestServer {
  readonly store: Store;
  /** Asks for the page, as `root` without a password unless told. */
  status(query?: string, authorization?: string | undefined): Promise<StatusAnswer>;
}

export interface StatusAnswer {
  readonly http: number;
  readonly body: { readonly msg: string; readonly code: number; readonly data: unknown; readonly count: number };
}

export const PAGE = '/rest/v2/manager/cluster/cluster_info/cloud_cluster_status';

/** The header of a user. */
export const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A whole server whose store the test has in hand. */
export async function startStatusServer(settings: Partial<Settings> = {}, logger?: Logger): Promise<StatusServer> {
  let store: Store | undefined;
  const server = await startTestServer({
    settings,
    ...(logger && { logger }),
    createServices: (options) => {
      store = options.store;
      return createServices(options);
    },
  });
  if (store === undefined) throw new Error('the services were made without a store');
  const status = async (query = '', authorization: string | undefined = basic('root', '')) => {
    const headers = authorization === '' ? {} : { authorization };
    const response = await fetch(`${server.base}${PAGE}${query}`, { headers });
    return { http: response.status, body: (await response.json()) as StatusAnswer['body'] };
  };
  return { ...server, store, status };
}

import { keys } from '../../keys/key-table.ts';
import type { KeyValue } from '../../kv/store.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { recordFromValue } from '../../records/message-record.ts';
import { ClusterPB_Type as ClusterType } from '../../schema/gen/cloud/cluster_pb.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status as Status } from '../../schema/gen/cloud/instance_pb.ts';
import type { HttpAnswer } from '../http-types.ts';
import type { AdminCall } from '../route.ts';
import { keyBehind, limitOf, pageReply, readPage } from './page.ts';

/**
 * `list_instances`: the instances in the order of their ids, those that are dropped and not yet recycled included, in
 * pages of `limit` that begin behind the id `after`. No secret is among what it tells.
 */
export async function listInstances({ query, runner }: AdminCall): Promise<HttpAnswer> {
  const limit = limitOf(query);
  const after = query.decoded('after');
  const { begin: first, end } = keys.instance.range({});
  const begin = after === '' ? first : keyBehind(keys.instance.encode({ instance_id: after }));
  const { pairs, more } = await runner.read('list_instances', ({ txn }) => readPage(txn, { begin, end }, limit));
  const instances = pairs.flatMap(shownInstance);
  const last = pairs.at(-1);
  const next = more && last !== undefined ? keys.instance.decode(last.key)?.instance_id : undefined;
  return pageReply({ instances }, next);
}

/** A key that is none of ours can't be asked for by anyone, and is passed over. */
function shownInstance({ key, value }: KeyValue): object[] {
  const fields = keys.instance.decode(key);
  if (fields === undefined) return [];
  const { instance_id } = fields;
  try {
    return [{ instance_id, ...factsOf(recordFromValue(keys.instance, Buffer.from(key), value)) }];
  } catch (error) {
    // One that can't be read must not hide the others.
    if (error instanceof MalformedValueError) return [{ instance_id, damaged: true }];
    throw error;
  }
}

function factsOf(instance: InstanceInfoPB) {
  const { name, userId: user_id, status, sseEnabled: sse_enabled, clusters } = instance;
  const ofType = (type: ClusterType) => clusters.filter((cluster) => cluster.type === type);
  const nodesOf = (type: ClusterType) => ofType(type).reduce((sum, { nodes }) => sum + nodes.length, 0);
  return {
    ...{ name, user_id, status: Status[status] ?? String(status), sse_enabled },
    compute_clusters: ofType(ClusterType.COMPUTE).length,
    frontends: nodesOf(ClusterType.SQL),
    backends: nodesOf(ClusterType.COMPUTE),
    vaults: instance.storageVaultNames.length,
    object_stores: instance.objInfo.length,
  };
}

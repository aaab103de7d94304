import { keys } from '../../keys/key-table.ts';
import { type Transaction, VERSIONSTAMP_BYTES } from '../../kv/store.ts';
import { scanRecords } from '../../records/scan-records.ts';
import type { ClusterPB, NodeInfoPB } from '../../schema/gen/cloud/cluster_pb.ts';

/** A node, and where it is registered. */
export interface RegisteredNode {
  readonly instance_id: string;
  readonly cluster: ClusterPB;
  readonly node: NodeInfoPB;
}

type NodesById = ReadonlyMap<string, readonly RegisteredNode[]>;

/**
 * Which node is registered where, in all instances.
 *
 * Nodes are kept inside the records of their instances, so a look-up by `cloud_unique_id` would have to read them all.
 * The index keeps them in memory instead, together with a stamp: a key of the store that changes with every registration,
 * in the same transaction. An index that was built at the stamp that a transaction sees is right for that transaction, whichever
 * process on the store registered the nodes; any other stamp has it built anew, from the transaction's own snapshot.
 */
export class NodeIndex {
  #built: { readonly stamp: Buffer; readonly nodes: NodesById } | undefined;

  /** The nodes registered under `cloudUniqueId`: none, one, or, in a store that was not always careful, several. */
  async find(txn: Transaction, cloudUniqueId: string): Promise<readonly RegisteredNode[]> {
    const stamp = await txn.get(STAMP_KEY, { snapshot: true });
    return (await this.#at(txn, stamp)).get(cloudUniqueId) ?? [];
  }

  /**
   * For a call that registers or removes nodes: answers as `find` does, from then on conflicts with every other such call,
   * so that no two can register one id, and has all indexes built anew after the commit.
   */
  async change(txn: Transaction): Promise<(cloudUniqueId: string) => readonly RegisteredNode[]> {
    const nodes = await this.#at(txn, await txn.get(STAMP_KEY));
    txn.setVersionstampedValue(STAMP_KEY, EMPTY_STAMP, 0);
    return (cloudUniqueId) => nodes.get(cloudUniqueId) ?? [];
  }

  async #at(txn: Transaction, stamp: Uint8Array = NO_STAMP): Promise<NodesById> {
    const built = this.#built;
    if (built?.stamp.equals(stamp)) return built.nodes;
    const nodes = await collectNodes(txn);
    // A transaction that began earlier must not take the newer index away from those that began later.
    if (!this.#built || Buffer.compare(this.#built.stamp, stamp) < 0)
      this.#built = { stamp: Buffer.from(stamp), nodes };
    return nodes;
  }
}

const STAMP_KEY = keys.systemNodeStamp.encode({});
const EMPTY_STAMP = new Uint8Array(VERSIONSTAMP_BYTES);
const NO_STAMP = new Uint8Array(0);

async function collectNodes(txn: Transaction): Promise<NodesById> {
  const nodes = new Map<string, RegisteredNode[]>();
  for await (const { fields, message: instance } of scanRecords(txn, keys.instance, {}, { snapshot: true })) {
    for (const cluster of instance.clusters) {
      for (const node of cluster.nodes) {
        const registered = { instance_id: fields.instance_id, cluster, node };
        const others = nodes.get(node.cloudUniqueId);
        if (others) others.push(registered);
        else nodes.set(node.cloudUniqueId, [registered]);
      }
    }
  }
  return nodes;
}

import type { ClusterPB, NodeInfoPB } from '../../schema/gen/cloud/cluster_pb.ts';
import { isSet } from '../../schema/presence.ts';

/** What a node is known by: two nodes are one and the same where they have one of these texts in common. */
export type KnownBy = (node: NodeInfoPB) => readonly string[];

export const byId: KnownBy = (node) => [node.cloudUniqueId];

/** Its name and its IP address, each with the port: the heartbeat port of a backend, the edit log port of a frontend. */
export const byAddress: KnownBy = (node) => {
  const port = isSet(node, 'heartbeatPort') ? node.heartbeatPort : node.editLogPort;
  const addresses: string[] = [];
  if (isSet(node, 'ip')) addresses.push(`${port} ip ${node.ip}`);
  if (isSet(node, 'host')) addresses.push(`${port} host ${node.host}`);
  return addresses;
};

/** Its id together with an address. */
export const byIdAndAddress: KnownBy = (node) =>
  byAddress(node).map((address) => `${node.cloudUniqueId.length} ${node.cloudUniqueId} ${address}`);

/** The nodes of some clusters, found at once however many there are: a request may name as many as its body holds. */
export class NodeTable {
  readonly #knownBy: KnownBy;
  readonly #nodes = new Map<string, NodeInTable[]>();
  readonly #taken = new Set<NodeInfoPB>();
  #count = 0;

  constructor(clusters: readonly ClusterPB[], knownBy: KnownBy) {
    this.#knownBy = knownBy;
    for (const cluster of clusters) for (const node of cluster.nodes) this.add(cluster, node);
  }

  /** The first node that is the same as `node`, of those that were not taken out. */
  find(node: NodeInfoPB): NodeInCluster | undefined {
    let first: NodeInTable | undefined;
    for (const name of this.#knownBy(node)) {
      const entries = this.#nodes.get(name) ?? [];
      while (entries[0] && this.#taken.has(entries[0].node)) entries.shift();
      const [entry] = entries;
      if (entry && (!first || entry.position < first.position)) first = entry;
    }
    return first;
  }

  /** Finds a node and takes it out. The list of its cluster stays as it is. */
  take(node: NodeInfoPB): NodeInCluster | undefined {
    const found = this.find(node);
    if (found) this.#taken.add(found.node);
    return found;
  }

  /** Enters a node behind all others. */
  add(cluster: ClusterPB, node: NodeInfoPB): void {
    const entry = { cluster, node, position: this.#count++ };
    for (const name of this.#knownBy(node)) {
      const others = this.#nodes.get(name);
      if (others) others.push(entry);
      else this.#nodes.set(name, [entry]);
    }
  }
}

export interface NodeInCluster {
  readonly cluster: ClusterPB;
  readonly node: NodeInfoPB;
}

interface NodeInTable extends NodeInCluster {
  readonly position: number;
}

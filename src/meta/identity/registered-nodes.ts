import type { ClusterPB, NodeInfoPB } from '../../schema/gen/cloud/cluster_pb.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';

/** A node, and where it is registered. */
export interface RegisteredNode {
  readonly instance_id: string;
  readonly cluster: ClusterPB;
  readonly node: NodeInfoPB;
}

type NodesById = ReadonlyMap<string, readonly RegisteredNode[]>;

/** The record of an instance, or that there is none any more. */
export type InstanceById = ReadonlyMap<string, Pick<InstanceInfoPB, 'clusters'> | undefined>;

/** From how many renewed instances on everything is entered anew, so that finding a node stays one look or two. */
const MOST_RENEWED = 64;

/**
 * The nodes of all instances at one moment, to be found by their ids. What has changed later is laid over what was there,
 * so that a state of the next moment costs no more than the instances that differ, and the older one stays as it is.
 */
export class RegisteredNodes {
  readonly #base: NodesById;
  /** The instances whose nodes in `#base` no longer count. */
  readonly #renewed: InstanceById;
  readonly #nodesOfRenewed: NodesById;

  private constructor(base: NodesById, renewed: InstanceById) {
    this.#base = base;
    this.#renewed = renewed;
    this.#nodesOfRenewed = byId(renewed);
  }

  static of(instances: InstanceById): RegisteredNodes {
    return new RegisteredNodes(byId(instances), new Map());
  }

  /** The nodes registered under an id, in the order of their instances: none, one, or, in a store that was not always careful, several. */
  find(cloudUniqueId: string): readonly RegisteredNode[] {
    const before = this.#base.get(cloudUniqueId) ?? [];
    const renewed = this.#nodesOfRenewed.get(cloudUniqueId) ?? [];
    if (this.#renewed.size === 0 || (before.length === 0 && renewed.length === 0)) return before;
    return [...before.filter(({ instance_id }) => !this.#renewed.has(instance_id)), ...renewed].sort(byInstance);
  }

  /** The state in which some instances are different. */
  with(instances: InstanceById): RegisteredNodes {
    const renewed = new Map([...this.#renewed, ...instances]);
    if (renewed.size <= MOST_RENEWED) return new RegisteredNodes(this.#base, renewed);
    const whole = new Map<string, RegisteredNode[]>();
    for (const nodes of this.#base.values()) {
      for (const node of nodes) if (!renewed.has(node.instance_id)) enter(whole, node);
    }
    enterAll(whole, renewed);
    for (const nodes of whole.values()) nodes.sort(byInstance);
    return new RegisteredNodes(whole, new Map());
  }
}

function byId(instances: InstanceById): NodesById {
  const nodes = new Map<string, RegisteredNode[]>();
  enterAll(nodes, instances);
  return nodes;
}

function enterAll(nodes: Map<string, RegisteredNode[]>, instances: InstanceById): void {
  for (const [instance_id, instance] of instances) {
    for (const cluster of instance?.clusters ?? []) {
      for (const node of cluster.nodes) enter(nodes, { instance_id, cluster, node });
    }
  }
}

function enter(nodes: Map<string, RegisteredNode[]>, registered: RegisteredNode): void {
  const others = nodes.get(registered.node.cloudUniqueId);
  if (others) others.push(registered);
  else nodes.set(registered.node.cloudUniqueId, [registered]);
}

/** The order of the keys of instances, which is that of the bytes of their ids. Within an instance nothing changes places. */
function byInstance(left: RegisteredNode, right: RegisteredNode): number {
  return Buffer.compare(Buffer.from(left.instance_id), Buffer.from(right.instance_id));
}

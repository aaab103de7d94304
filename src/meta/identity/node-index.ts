import { type Awaitable, whenThere } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { type ChangeList, readChanges, writeChange } from '../../records/change-list.ts';
import { scanRecords } from '../../records/scan-records.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { findInstance } from '../instance/instance-record.ts';
import { type RegisteredNode, RegisteredNodes } from './registered-nodes.ts';

/** For how long a node is still found where it was when a service that does not write the list has moved it, and nobody was told. */
const MOVED_UNHEARD_MS = 5_000;

/**
 * Which node is registered where, in all instances.
 *
 * Nodes are kept inside the records of their instances, so a look-up by `cloud_unique_id` would have to read them all.
 * The index keeps them in memory instead, as of a stamp: the newest in a list, kept in the store, of the last changes,
 * to which every registration adds itself in its own transaction. An index as of the stamp that a transaction sees is
 * right for that transaction, whichever process on the store registered the nodes. From an index as of another stamp,
 * older or newer, that of the transaction is made by reading, in the transaction's own snapshot, the instances that were
 * changed between the two, or all of them where the list doesn't say which they were.
 *
 * Doris' own services on the same store don't write the list. They tell others of nodes that have changed, but only after
 * they have answered, and not always whose nodes they are. So where there may be some, the instances themselves are read
 * before a node is said to be unknown, and before one is registered, and all of them again every few seconds.
 */
export class NodeIndex {
  readonly #now_ms: () => number;
  readonly #is_list_whole: boolean;
  #kept: KeptNodes | undefined;

  /** `is_list_whole`: whether all who write to the store add themselves to the list. */
  constructor({ is_list_whole = true, now_ms = Date.now }: NodeIndexOptions = {}) {
    this.#is_list_whole = is_list_whole;
    this.#now_ms = now_ms;
  }

  /** The nodes registered under `cloudUniqueId`: none, one, or, in a store that was not always careful, several. */
  find(txn: Transaction, cloudUniqueId: string): Awaitable<readonly RegisteredNode[]> {
    return whenThere(readChanges(txn, keys.systemNodeChanges, {}, { snapshot: true }), (changes) =>
      whenThere(this.#keptAsOf(changes) ?? this.#asOf(txn, changes), (nodes) => nodes.find(cloudUniqueId)),
    );
  }

  /** For an id under which `find` finds nothing: looks where somebody may have registered it whom nobody heard of. */
  async findUnheard(txn: Transaction, cloudUniqueId: string): Promise<readonly RegisteredNode[]> {
    if (this.#is_list_whole) return [];
    const changes = await readChanges(txn, keys.systemNodeChanges, {}, { snapshot: true });
    return (await this.#read(txn, changes, { snapshot: true })).find(cloudUniqueId);
  }

  /**
   * For a call that registers or removes nodes of an instance: answers as `find` does, from then on conflicts with every
   * other such call, so that no two can register one id, and has all indexes brought up to date after the commit.
   */
  async change(txn: Transaction, instanceId: string): Promise<(cloudUniqueId: string) => readonly RegisteredNode[]> {
    const changes = await readChanges(txn, keys.systemNodeChanges, {});
    const nodes = this.#is_list_whole ? await this.#asOf(txn, changes) : await this.#read(txn, changes, {});
    writeChange(txn, keys.systemNodeChanges, {}, changes, instanceId);
    return (cloudUniqueId) => nodes.find(cloudUniqueId);
  }

  /** The index that is kept, if it is right: for nearly every call, which need not wait then. */
  #keptAsOf(changes: ChangeList): RegisteredNodes | undefined {
    const kept = this.#kept;
    return kept?.changes.stamp.equals(changes.stamp) && !this.#isStale(kept) ? kept.nodes : undefined;
  }

  async #asOf(txn: Transaction, changes: ChangeList): Promise<RegisteredNodes> {
    const known = this.#keptAsOf(changes);
    if (known !== undefined) return known;
    const kept = this.#kept;
    const different = kept && (changes.since(kept.changes.stamp) ?? kept.changes.since(changes.stamp));
    if (!different || this.#isStale(kept)) return this.#read(txn, changes, { snapshot: true });
    const nodes = kept.nodes.with(await readInstances(txn, different));
    this.#keep({ changes, nodes, read_ms: kept.read_ms });
    return nodes;
  }

  /** Reads all instances. */
  async #read(txn: Transaction, changes: ChangeList, options: ReadOptions): Promise<RegisteredNodes> {
    const read_ms = this.#now_ms();
    // Those that come meanwhile need not read them too.
    if (this.#kept !== undefined) this.#kept = { ...this.#kept, read_ms };
    const nodes = await readAll(txn, options);
    this.#keep({ changes, nodes, read_ms });
    return nodes;
  }

  /** A transaction that began earlier must not take the newer index away from those that began later. */
  #keep(kept: KeptNodes): void {
    const order = this.#kept ? Buffer.compare(this.#kept.changes.stamp, kept.changes.stamp) : -1;
    if (order < 0 || (order === 0 && !this.#is_list_whole)) this.#kept = kept;
  }

  #isStale({ read_ms }: KeptNodes): boolean {
    return !this.#is_list_whole && this.#now_ms() - read_ms >= MOVED_UNHEARD_MS;
  }
}

export interface NodeIndexOptions {
  readonly is_list_whole?: boolean;
  readonly now_ms?: () => number;
}

interface KeptNodes {
  readonly changes: ChangeList;
  readonly nodes: RegisteredNodes;
  /** When all instances were last read. */
  readonly read_ms: number;
}

async function readInstances(
  txn: Transaction,
  instanceIds: ReadonlySet<string>,
): Promise<Map<string, InstanceInfoPB | undefined>> {
  const instances = new Map<string, InstanceInfoPB | undefined>();
  for (const id of instanceIds) instances.set(id, await findInstance(txn, id, { snapshot: true }));
  return instances;
}

async function readAll(txn: Transaction, options: ReadOptions): Promise<RegisteredNodes> {
  const instances = new Map<string, InstanceInfoPB>();
  for await (const { fields, message } of scanRecords(txn, keys.instance, {}, options)) {
    instances.set(fields.instance_id, message);
  }
  return RegisteredNodes.of(instances);
}

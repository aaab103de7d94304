import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { type ChangeList, readChanges, writeChange } from '../../records/change-list.ts';
import { scanRecords } from '../../records/scan-records.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { findInstance } from '../instance/instance-record.ts';
import { type RegisteredNode, RegisteredNodes } from './registered-nodes.ts';

/**
 * Which node is registered where, in all instances.
 *
 * Nodes are kept inside the records of their instances, so a look-up by `cloud_unique_id` would have to read them all.
 * The index keeps them in memory instead, as of a stamp: the newest in a list, kept in the store, of the last changes,
 * to which every registration adds itself in its own transaction. An index as of the stamp that a transaction sees is
 * right for that transaction, whichever process on the store registered the nodes. From an index as of another stamp,
 * older or newer, that of the transaction is made by reading, in the transaction's own snapshot, the instances that were
 * changed between the two, or all of them where the list doesn't say which they were.
 */
export class NodeIndex {
  #kept: KeptNodes | undefined;

  /** The nodes registered under `cloudUniqueId`: none, one, or, in a store that was not always careful, several. */
  async find(txn: Transaction, cloudUniqueId: string): Promise<readonly RegisteredNode[]> {
    const changes = await readChanges(txn, keys.systemNodeChanges, {}, { snapshot: true });
    const nodes = this.#keptAsOf(changes) ?? (await this.#asOf(txn, changes));
    return nodes.find(cloudUniqueId);
  }

  /**
   * For a call that registers or removes nodes of an instance: answers as `find` does, from then on conflicts with every
   * other such call, so that no two can register one id, and has all indexes brought up to date after the commit.
   */
  async change(txn: Transaction, instanceId: string): Promise<(cloudUniqueId: string) => readonly RegisteredNode[]> {
    const changes = await readChanges(txn, keys.systemNodeChanges, {});
    const nodes = await this.#asOf(txn, changes);
    writeChange(txn, keys.systemNodeChanges, {}, changes, instanceId);
    return (cloudUniqueId) => nodes.find(cloudUniqueId);
  }

  /** The index that is kept, if it is right: for nearly every call, which need not wait then. */
  #keptAsOf(changes: ChangeList): RegisteredNodes | undefined {
    return this.#kept?.changes.stamp.equals(changes.stamp) ? this.#kept.nodes : undefined;
  }

  async #asOf(txn: Transaction, changes: ChangeList): Promise<RegisteredNodes> {
    const known = this.#keptAsOf(changes);
    if (known !== undefined) return known;
    const kept = this.#kept;
    const different = kept && (changes.since(kept.changes.stamp) ?? kept.changes.since(changes.stamp));
    const nodes = different ? kept.nodes.with(await readInstances(txn, different)) : await readAll(txn);
    // A transaction that began earlier must not take the newer index away from those that began later.
    if (!this.#kept || Buffer.compare(this.#kept.changes.stamp, changes.stamp) < 0) this.#kept = { changes, nodes };
    return nodes;
  }
}

interface KeptNodes {
  readonly changes: ChangeList;
  readonly nodes: RegisteredNodes;
}

async function readInstances(
  txn: Transaction,
  instanceIds: ReadonlySet<string>,
): Promise<Map<string, InstanceInfoPB | undefined>> {
  const instances = new Map<string, InstanceInfoPB | undefined>();
  for (const id of instanceIds) instances.set(id, await findInstance(txn, id, { snapshot: true }));
  return instances;
}

async function readAll(txn: Transaction): Promise<RegisteredNodes> {
  const instances = new Map<string, InstanceInfoPB>();
  for await (const { fields, message } of scanRecords(txn, keys.instance, {}, { snapshot: true })) {
    instances.set(fields.instance_id, message);
  }
  return RegisteredNodes.of(instances);
}

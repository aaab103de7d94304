import { setTimeout as sleep } from 'node:timers/promises';
import { Actor } from './actor.ts';
import type { Table } from './model.ts';
import { createPartition, dropIndex, dropPartition } from './table.ts';

/** Calls that others should make before something is dropped again, so that they get far with what there is. */
const CALLS_BETWEEN = 150;
const MOST_PARTITIONS = 3;
const PAUSE_MS = 20;

/** Drops partitions and indexes while others work on them, and makes new partitions. */
export class Dropper extends Actor {
  #next_at = 0;

  async act(): Promise<void> {
    const { service, model } = this.cluster;
    const due = service.calls >= this.#next_at;
    const dropped = due && (await this.changeTable(model.tables, (table) => this.#dropSomething(table)));
    if (dropped) this.#next_at = service.calls + this.random.int(2 * CALLS_BETWEEN);
    else await sleep(PAUSE_MS);
  }

  async #dropSomething(table: Table): Promise<void> {
    const indexes = table.indexes.filter(({ dropped }) => !dropped);
    const [index] = indexes;
    if (index !== undefined && indexes.length > 1) return dropIndex(this.cluster, table, index);
    const partitions = table.partitions.filter(({ dropped }) => !dropped);
    const [partition] = partitions;
    if (partition !== undefined && partitions.length >= MOST_PARTITIONS) await dropPartition(this.cluster, partition);
    else await createPartition(this.cluster, table);
  }
}

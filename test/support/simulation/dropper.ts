import type { Random } from '../kv/random.ts';
import type { Actor, ActorOptions, Cluster } from './cluster.ts';
import { pickFrom } from './pick.ts';
import { createPartition, dropIndex, dropPartition } from './table.ts';

/** Calls that others should make before something is dropped again, so that they get far with what there is. */
const CALLS_BETWEEN = 150;
const MOST_PARTITIONS = 3;
const PAUSE_MS = 20;

/** Drops partitions and indexes while others work on them, and makes new partitions. */
export class Dropper implements Actor {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #random: Random;

  #next_at = 0;

  constructor({ cluster, random, name }: ActorOptions) {
    this.#cluster = cluster;
    this.#random = random;
    this.name = name;
  }

  async act(): Promise<void> {
    const { service, model } = this.#cluster;
    const tables = model.tables.filter(({ changing }) => !changing);
    const table = pickFrom(this.#random, tables);
    if (table === undefined || service.calls < this.#next_at) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      return;
    }
    this.#next_at = service.calls + this.#random.below(2 * CALLS_BETWEEN);
    table.changing = true;
    try {
      const indexes = table.indexes.filter(({ dropped }) => !dropped);
      const [index] = indexes;
      if (index !== undefined && indexes.length > 1) return await dropIndex(this.#cluster, table, index);
      const partitions = table.partitions.filter(({ dropped }) => !dropped);
      const [partition] = partitions;
      if (partition !== undefined && partitions.length >= MOST_PARTITIONS)
        await dropPartition(this.#cluster, partition);
      else await createPartition(this.#cluster, table);
    } finally {
      table.changing = false;
    }
  }
}

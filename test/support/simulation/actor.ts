import type { Random } from '../random.ts';
import type { Cluster } from './cluster.ts';
import type { Table } from './model.ts';
import { pickFrom } from './pick.ts';

export interface ActorOptions {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly name: string;
}

/** One of those who work on the cluster at a time. */
export abstract class Actor {
  readonly name: string;
  protected readonly cluster: Cluster;
  protected readonly random: Random;

  constructor({ cluster, random, name }: ActorOptions) {
    this.cluster = cluster;
    this.random = random;
    this.name = name;
  }

  /** One piece of work, from its beginning to its end. */
  abstract act(): Promise<void>;

  /** Changes one of the tables that nobody else is changing. Returns whether there was one. */
  protected async changeTable(tables: readonly Table[], change: (table: Table) => Promise<void>): Promise<boolean> {
    const table = pickFrom(
      this.random,
      tables.filter(({ changing }) => !changing),
    );
    if (table === undefined) return false;
    table.changing = true;
    try {
      await change(table);
    } finally {
      table.changing = false;
    }
    return true;
  }
}

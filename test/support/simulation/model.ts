/** What a cluster has asked for and was promised, to be compared with what the service answers and stores. */
import type { Row, Segments } from './rows.ts';

export interface Table {
  readonly id: bigint;
  readonly db_id: bigint;
  /** Whether of rows with one key only the last one is visible, by delete bitmaps that loads write. */
  readonly merges_on_write: boolean;
  readonly indexes: TableIndex[];
  readonly partitions: Partition[];
  /** Whether someone is changing its schema or its partitions; in Doris too that is one at a time. */
  changing: boolean;
  /** How often its version was raised by something else than loads. */
  changes: bigint;
}

export interface TableIndex {
  readonly id: bigint;
  /** From when its drop is sent, nobody expects anything of its tablets. */
  dropped: boolean;
}

export interface Partition {
  readonly id: bigint;
  readonly table: Table;
  readonly tablets: Tablet[];
  /** As for an index. */
  dropped: boolean;
  /** The highest version that an answer has told of; 1 before the first load. */
  acknowledged: bigint;
  /** Which transaction was told that it made a version. */
  readonly makers: Map<bigint, bigint>;
}

export interface Tablet {
  readonly id: bigint;
  readonly index: TableIndex;
  readonly partition: Partition;
  /** Whether it has all versions. A tablet that a schema change fills has them only when that is done. */
  ready: boolean;
  /** Where the table merges on write: the keys that an acknowledged load has written. */
  readonly keys: Set<number>;
  /** The version up to which the schema change converts, once it is recorded. */
  alter_version?: bigint;
}

/** A rowset that a load or a job has written, and under which transaction id. */
export interface WrittenRowset {
  readonly rowset_id: string;
  readonly tablet: Tablet;
  readonly txn_id: bigint;
}

/** A part of a load that raises the version of each of its partitions by one: all of it, or a sub transaction. */
export interface LoadPart {
  readonly txn_id: bigint;
  readonly partitions: readonly Partition[];
  readonly rowsets: WrittenRowset[];
  /** Where tables merge on write: the versions for which it has written delete bitmaps. */
  readonly versions: Map<Partition, bigint>;
}

export type Outcome = 'open' | 'visible' | 'aborted';

export interface Load {
  readonly id: bigint;
  readonly label: string;
  readonly table: Table;
  /** Rows that it counts for the routine load of its table; 0 when it is no task of that. */
  readonly routine_rows: bigint;
  readonly parts: LoadPart[];
  outcome: Outcome;
  /** Whether the service was told to forget its transaction. What it has loaded stays. */
  forgotten: boolean;
}

/** A rowset that a compaction or a schema change has put in place of others, or has tried to. */
export interface JobOutput extends WrittenRowset {
  outcome: 'open' | 'committed' | 'refused';
}

export const DB_ID = 10n;

export class Model {
  readonly recycled: boolean;
  readonly tables: Table[] = [];
  readonly loads = new Map<bigint, Load>();
  readonly outputs: JobOutput[] = [];
  /** What the rowsets of tables that merge on write have in them. */
  readonly rows = new Map<string, Segments>();
  #last_id = 1_000n;

  /** With `recycled`, nothing is known any more of what was dropped. */
  constructor({ recycled = false } = {}) {
    this.recycled = recycled;
  }

  /** An id that nothing else has. */
  newId(): bigint {
    this.#last_id += 1n;
    return this.#last_id;
  }

  partitions(): Partition[] {
    return this.tables.flatMap(({ partitions }) => partitions);
  }

  tablets(): Tablet[] {
    return this.partitions().flatMap(({ tablets }) => tablets);
  }

  visibleLoads(): Load[] {
    return [...this.loads.values()].filter(({ outcome }) => outcome === 'visible');
  }

  /** How often committed loads have raised a partition's version. */
  raisesOf(partition: Partition): bigint {
    let raises = 0n;
    for (const { parts } of this.visibleLoads()) {
      raises += BigInt(parts.filter(({ partitions }) => partitions.includes(partition)).length);
    }
    return raises;
  }

  /** What is to be visible of a tablet that merges on write: the last row of each key that a committed load has written. */
  lastRows(tablet: Tablet): Map<number, Row> {
    const written = this.visibleLoads().flatMap(({ parts }) =>
      parts.flatMap(({ rowsets, versions }) => {
        const version = versions.get(tablet.partition) ?? 0n;
        return rowsets.filter((rowset) => rowset.tablet === tablet).map(({ rowset_id }) => ({ rowset_id, version }));
      }),
    );
    written.sort((a, b) => Number(a.version - b.version));
    const rows = written.flatMap(({ rowset_id }) => (this.rows.get(rowset_id) ?? []).flat());
    return new Map(rows.map((row) => [row.key, row]));
  }
}

/** Whether something is still expected of a tablet. */
export function isLive({ index, partition }: Tablet): boolean {
  return !index.dropped && !partition.dropped;
}

export function newTablet(model: Model, index: TableIndex, partition: Partition, ready: boolean): Tablet {
  return { id: model.newId(), index, partition, ready, keys: new Set() };
}

/** A tablet as requests name it where they say all that there is to be known. */
export function indexOf({ id, index, partition }: Tablet) {
  return { dbId: DB_ID, tableId: partition.table.id, indexId: index.id, partitionId: partition.id, tabletId: id };
}

export function newPart(txn_id: bigint, partitions: readonly Partition[]): LoadPart {
  return { txn_id, partitions, rowsets: [], versions: new Map() };
}

export function newTable(id: bigint, merges_on_write = false): Table {
  return { id, db_id: DB_ID, merges_on_write, indexes: [], partitions: [], changing: false, changes: 0n };
}

export function newPartition(model: Model, table: Table): Partition {
  return { id: model.newId(), table, tablets: [], dropped: false, acknowledged: 1n, makers: new Map() };
}

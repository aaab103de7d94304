import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { readRecords } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import type { VersionPB } from '../../schema/gen/cloud/version_pb.ts';
import { MetaError } from '../meta-error.ts';
import { type PartitionFields, visibleVersion } from '../version/partition-version.ts';
import type { TemporaryRowset } from './temporary-rowset.ts';

/** A partition that a commit loads to. */
export interface LoadedPartition {
  readonly fields: PartitionFields;
  /** Its version as it is stored; undefined before the first load. */
  readonly record: VersionPB | undefined;
  /** The version that is visible before the commit, and the one after it. */
  readonly before: bigint;
  readonly after: bigint;
}

/** A rowset with where it goes. */
export interface PlacedRowset {
  readonly rowset: TemporaryRowset;
  readonly tablet: TabletIndexPB;
  readonly partition: LoadedPartition;
  readonly version: bigint;
}

export interface Placement {
  readonly rowsets: readonly PlacedRowset[];
  /** Each once, in the order in which the rowsets lead to them. */
  readonly partitions: readonly LoadedPartition[];
}

/**
 * Finds where the rowsets of a transaction go, given in groups of which each raises every partition that it loads to by
 * one version. Two reads find all tablets and all versions. `options` are those of the first: a lazy commit may have too
 * many tablets to rely on each of them. Throws KV_TXN_GET_ERR for a rowset of a tablet that is not there.
 */
export async function placeRowsets(
  txn: Transaction,
  instanceId: string,
  dbId: bigint,
  groups: readonly (readonly TemporaryRowset[])[],
  options?: ReadOptions,
): Promise<Placement> {
  const tablets = await readTablets(txn, instanceId, groups, options);
  const raised = new RaisedPartitions(instanceId, dbId);
  const placed = groups.flatMap((group, i) =>
    group.map((rowset) => {
      const tablet = tablets.get(rowset.tablet_id) as TabletIndexPB;
      return { rowset, tablet, ...raised.by(i, tablet.tableId, rowset.partition_id) };
    }),
  );
  const partitions = await raised.read(txn);
  const rowsets = placed.map(({ rowset, tablet, position, step }) => {
    const partition = partitions[position] as LoadedPartition;
    return { rowset, tablet, partition, version: partition.before + step };
  });
  return { rowsets, partitions };
}

interface RaisedPartition {
  readonly fields: PartitionFields;
  readonly position: number;
  /** By how much its version goes up, and the last group that it did so for. */
  step: bigint;
  group: number;
}

/** The partitions that groups of rowsets lead to, each raised once by each group. */
class RaisedPartitions {
  readonly #instance_id: string;
  readonly #db_id: bigint;
  readonly #partitions = new Map<string, RaisedPartition>();

  constructor(instance_id: string, db_id: bigint) {
    this.#instance_id = instance_id;
    this.#db_id = db_id;
  }

  /** Where among the partitions this one stands, and how far above its version a rowset of the group goes. */
  by(group: number, table_id: bigint, partition_id: bigint): { readonly position: number; readonly step: bigint } {
    const name = `${table_id}/${partition_id}`;
    let partition = this.#partitions.get(name);
    if (!partition) {
      const fields = { instance_id: this.#instance_id, db_id: this.#db_id, table_id, partition_id };
      partition = { fields, position: this.#partitions.size, step: 0n, group: -1 };
      this.#partitions.set(name, partition);
    }
    if (partition.group !== group) {
      partition.group = group;
      partition.step++;
    }
    const { position, step } = partition;
    return { position, step };
  }

  async read(txn: Transaction): Promise<LoadedPartition[]> {
    const partitions = [...this.#partitions.values()];
    const records = await readRecords(
      txn,
      keys.partitionVersion,
      partitions.map(({ fields }) => fields),
    );
    return partitions.map(({ fields, step }, i) => {
      const before = visibleVersion(records[i]);
      return { fields, record: records[i], before, after: before + step };
    });
  }
}

async function readTablets(
  txn: Transaction,
  instance_id: string,
  groups: readonly (readonly TemporaryRowset[])[],
  options?: ReadOptions,
): Promise<Map<bigint, TabletIndexPB>> {
  const ids = [...new Set(groups.flatMap((group) => group.map(({ tablet_id }) => tablet_id)))];
  const fields = ids.map((tablet_id) => ({ instance_id, tablet_id }));
  const found = await readRecords(txn, keys.metaTabletIndex, fields, options);
  const tablets = new Map<bigint, TabletIndexPB>();
  for (const [i, tablet_id] of ids.entries()) {
    const tablet = found[i];
    if (!tablet) throw tabletMissing(instance_id, tablet_id);
    tablets.set(tablet_id, tablet);
  }
  return tablets;
}

function tabletMissing(instance_id: string, tablet_id: bigint): MetaError {
  const key = keys.metaTabletIndex.encode({ instance_id, tablet_id }).toString('hex');
  const message = `failed to get tablet table index ids, err=not found tablet_id=${tablet_id} key=${key}`;
  return new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
}

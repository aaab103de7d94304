import type { KeyRange } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { KeyValue, Transaction } from '../../kv/store.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { encodeField } from '../../schema/encoded-fields.ts';
import { RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { fieldScan } from '../../schema/scan-fields.ts';

/** A rowset that a transaction has written and not made visible, with as much of its metadata as a commit looks at. */
export interface TemporaryRowset {
  readonly key: Uint8Array;
  /** The metadata as it is stored; empty when it was not asked for. */
  readonly value: Uint8Array;
  readonly tablet_id: bigint;
  /** The rowset's own, which counts where the tablet has another. */
  readonly partition_id: bigint;
  readonly num_rows: bigint;
  readonly num_segments: bigint;
  readonly total_disk_size: bigint;
  readonly data_disk_size: bigint;
}

export interface CollectOptions {
  /** The most rowsets to take. */
  readonly most_rowsets: number;
  /** The most bytes of values to take; one rowset is taken in any case. */
  readonly most_bytes: number;
  /** Whether the metadata is asked for. */
  readonly with_values: boolean;
}

export interface CollectedRowsets {
  /** In the order of their tablets. */
  readonly rowsets: readonly TemporaryRowset[];
  /** The key of the first rowset that was not taken; undefined when all were. */
  readonly next: Uint8Array | undefined;
}

const scan = fieldScan(RowsetMetaCloudPBSchema, [
  'tabletId',
  'partitionId',
  'numRows',
  'numSegments',
  'totalDiskSize',
  'dataDiskSize',
]);

const NO_BYTES = new Uint8Array(0);

/** The keys of all temporary rowsets of a transaction or a sub transaction. */
export function temporaryRowsetRange(instance_id: string, txn_id: bigint): KeyRange {
  return keys.metaRowsetTmp.range({ instance_id, txn_id });
}

/** The temporary rowsets in a range of their keys, until there are too many or too large ones. Throws a MalformedValueError. */
export async function collectTemporaryRowsets(
  txn: Transaction,
  begin: Uint8Array,
  end: Uint8Array,
  { most_rowsets, most_bytes, with_values }: CollectOptions,
): Promise<CollectedRowsets> {
  const rowsets: TemporaryRowset[] = [];
  let bytes = 0;
  for await (const page of txn.getRange(begin, end)) {
    for (const pair of page) {
      bytes += pair.value.length;
      const full = rowsets.length >= most_rowsets || (bytes > most_bytes && rowsets.length > 0);
      if (full) return { rowsets, next: pair.key };
      rowsets.push(temporaryRowset(pair, with_values));
    }
  }
  return { rowsets, next: undefined };
}

/** The metadata of a rowset at the version where it becomes visible. Only its two versions change, and the last of a field counts. */
export function rowsetAtVersion({ value }: TemporaryRowset, version: bigint): Buffer {
  const start = encodeField(RowsetMetaCloudPBSchema, 'start_version', version);
  const end = encodeField(RowsetMetaCloudPBSchema, 'end_version', version);
  return Buffer.concat([value, start, end]);
}

function temporaryRowset({ key, value }: KeyValue, withValue: boolean): TemporaryRowset {
  try {
    const found = scan(value);
    return {
      key,
      value: withValue ? value : NO_BYTES,
      tablet_id: found.tabletId ?? 0n,
      partition_id: found.partitionId ?? 0n,
      num_rows: found.numRows ?? 0n,
      num_segments: found.numSegments ?? 0n,
      total_disk_size: found.totalDiskSize ?? 0n,
      data_disk_size: found.dataDiskSize ?? 0n,
    };
  } catch (cause) {
    throw new MalformedValueError(keys.metaRowsetTmp.name, key, { cause });
  }
}

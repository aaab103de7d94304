import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TabletMetaCloudPBSchema } from '../../../src/schema/gen/olap/tablet_meta_pb.ts';
import { TabletStatePB } from '../../../src/schema/gen/olap/tablet_meta_pb.ts';
import {
  InvertedIndexStorageFormatPB as IndexFormat,
  IndexType,
  KeysType,
  type TabletSchemaCloudPBSchema,
} from '../../../src/schema/gen/olap/tablet_schema_pb.ts';
import { type IndexOfTable, NO_INDEX, rowsetFiles } from './rowset-files.ts';

export const DB_ID = 10n;

/** A rowset that a story has written. */
export interface StoryRowset {
  readonly rowset_id: string;
  readonly segments: number;
  readonly start: bigint;
  readonly end: bigint;
}

export interface StoryTablet {
  readonly id: bigint;
  readonly index_id: bigint;
  readonly partition_id: bigint;
  /** Those that are visible, in the order of their versions, without the first, which is empty. */
  rowsets: StoryRowset[];
  /** Whether a job has worked on it, which leaves a record of jobs. */
  worked: boolean;
}

export interface StoryTable {
  readonly id: bigint;
  readonly inverted: IndexOfTable;
  index_id: bigint;
  partitions: { readonly id: bigint; version: bigint }[];
  tablets: StoryTablet[];
}

/** The three kinds of tables that a story has, by how their inverted indexes are written. */
export const INVERTED: readonly IndexOfTable[] = [
  { format: 'v1', index_ids: [501n, 502n] },
  { format: 'v2', index_ids: [601n] },
  NO_INDEX,
];

export function schemaOf({ inverted }: StoryTable): MessageInitShape<typeof TabletSchemaCloudPBSchema> {
  const index = inverted.index_ids.map((indexId) => ({
    indexId,
    indexName: `index ${indexId}`,
    indexType: IndexType.INVERTED,
    colUniqueId: [1],
  }));
  const format = inverted.format === 'v2' ? IndexFormat.V2 : IndexFormat.V1;
  return {
    keysType: KeysType.DUP_KEYS,
    column: [
      { uniqueId: 0, name: 'k', type: 'INT', isKey: true },
      { uniqueId: 1, name: 'v', type: 'STRING' },
    ],
    numShortKeyColumns: 1,
    schemaVersion: 0,
    index,
    ...(inverted.format !== 'none' && { invertedIndexStorageFormat: format }),
  };
}

/** A tablet as a frontend creates it, with the rowset that stands for the versions 0 and 1. */
export function metaOf(
  table: StoryTable,
  { id, index_id, partition_id }: StoryTablet,
  ready = true,
): MessageInitShape<typeof TabletMetaCloudPBSchema> {
  const first = {
    ...{ rowsetId: 0n, rowsetIdV2: `first-of-${id}`, tabletId: id, partitionId: partition_id },
    ...{ startVersion: 0n, endVersion: 1n, numRows: 0n, numSegments: 0n, totalDiskSize: 0n, dataDiskSize: 0n },
  };
  return {
    ...{ tableId: table.id, indexId: index_id, partitionId: partition_id, tabletId: id },
    tabletState: ready ? TabletStatePB.PB_RUNNING : TabletStatePB.PB_NOTREADY,
    schema: schemaOf(table),
    rsMetas: [first],
  };
}

/** The keys of the objects that a table has, below the prefix of its vault. */
export function objectsOf({ tablets, inverted }: StoryTable): string[] {
  return tablets.flatMap(({ id, rowsets }) =>
    rowsets.flatMap((rowset) => rowsetFiles({ tablet_id: id, ...rowset }, inverted)),
  );
}

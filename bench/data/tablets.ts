import type { MessageInitShape } from '@bufbuild/protobuf';
import { methods } from '../../src/rpc/methods.ts';
import {
  type RowsetMetaCloudPBSchema,
  RowsetStatePB,
  RowsetTypePB,
  SegmentsOverlapPB,
} from '../../src/schema/gen/olap/rowset_meta_pb.ts';
import { TabletStatePB } from '../../src/schema/gen/olap/tablet_meta_pb.ts';
import { KeysType, type TabletSchemaCloudPBSchema } from '../../src/schema/gen/olap/tablet_schema_pb.ts';
import type { BenchDomain } from './domain.ts';

export const INSTANCE_ID = 'bench_instance';
export const CLOUD_UNIQUE_ID = `1:${INSTANCE_ID}:node`;
export const DB_ID = 10n;
export const TABLE_ID = 100n;
const INDEX_ID = 101n;

const COLUMNS = 20;
const TABLETS_IN_A_PARTITION = 100n;
const TABLETS_IN_A_CALL = 500n;
const FIRST_TABLET = 1_000_000n;

/** The tablet with number `i`. A hundred of them make a partition. */
export function tabletIdOf(i: bigint): bigint {
  return FIRST_TABLET + i;
}

export function partitionIdOf(tabletId: bigint, tablets_in_a_partition = TABLETS_IN_A_PARTITION): bigint {
  return 10_000n + (tabletId - FIRST_TABLET) / tablets_in_a_partition;
}

/** A table of a few columns, as most are. */
const SCHEMA: MessageInitShape<typeof TabletSchemaCloudPBSchema> = {
  keysType: KeysType.DUP_KEYS,
  column: Array.from({ length: COLUMNS }, (_, i) => ({
    uniqueId: i,
    name: `column_${i}`,
    type: i % 3 === 0 ? 'BIGINT' : 'VARCHAR',
    isKey: i < 3,
    aggregation: 'NONE',
    isNullable: i >= 3,
    length: 64,
    indexLength: 16,
    visible: true,
  })),
  numShortKeyColumns: 3,
  schemaVersion: 0,
};

/** Creates the tablets with the numbers from 0 to `count - 1`. */
export async function createTablets({ call }: BenchDomain, count: number, in_a_partition?: bigint): Promise<void> {
  for (let from = 0n; from < BigInt(count); from += TABLETS_IN_A_CALL) {
    const ids: bigint[] = [];
    for (let i = from; i < from + TABLETS_IN_A_CALL && i < BigInt(count); i++) ids.push(tabletIdOf(i));
    await call(methods.create_tablets, {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      dbId: DB_ID,
      tabletMetas: ids.map((tabletId) => ({
        tableId: TABLE_ID,
        indexId: INDEX_ID,
        partitionId: partitionIdOf(tabletId, in_a_partition),
        tabletId,
        tabletState: TabletStatePB.PB_RUNNING,
        schema: SCHEMA,
        rsMetas: [
          {
            ...rowsetOf(tabletId, partitionIdOf(tabletId, in_a_partition), 0n, 'initial'),
            startVersion: 0n,
            endVersion: 1n,
          },
        ],
      })),
    });
  }
}

/** A rowset as a backend sends it, with the bounds of its segments' keys. */
export function rowsetOf(
  tabletId: bigint,
  partitionId: bigint,
  txnId: bigint,
  rowsetId: string,
): MessageInitShape<typeof RowsetMetaCloudPBSchema> {
  return {
    rowsetId: 0n,
    rowsetIdV2: rowsetId,
    partitionId,
    tabletId,
    indexId: INDEX_ID,
    txnId,
    txnExpiration: 4_102_444_800n,
    rowsetType: RowsetTypePB.BETA_ROWSET,
    rowsetState: RowsetStatePB.COMMITTED,
    segmentsOverlapPb: SegmentsOverlapPB.NONOVERLAPPING,
    numRows: 1_000n,
    numSegments: 1n,
    dataDiskSize: 100_000n,
    totalDiskSize: 100_000n,
    indexDiskSize: 0n,
    creationTime: 1_700_000_000n,
    newestWriteTimestamp: 1_700_000_000n,
    resourceId: 'vault',
    loadId: { hi: 1n, lo: txnId },
    tabletUid: { hi: 2n, lo: tabletId },
    segmentsKeyBounds: [{ minKey: Buffer.alloc(36, 'a'), maxKey: Buffer.alloc(36, 'z') }],
    tabletSchema: SCHEMA,
  };
}

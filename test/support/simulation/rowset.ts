import type { Message, MessageInitShape } from '@bufbuild/protobuf';
import {
  type RowsetMetaCloudPBSchema,
  RowsetStatePB,
  RowsetTypePB,
  SegmentsOverlapPB,
} from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import type { TabletMetaCloudPBSchema } from '../../../src/schema/gen/olap/tablet_meta_pb.ts';
import { TabletStatePB } from '../../../src/schema/gen/olap/tablet_meta_pb.ts';
import { KeysType, type TabletSchemaCloudPBSchema } from '../../../src/schema/gen/olap/tablet_schema_pb.ts';
import type { Random } from '../random.ts';
import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import type { VersionRange } from './cover.ts';
import type { Model, Table, Tablet } from './model.ts';
import { newSegments, numberOfRows } from './rows.ts';
import { codeName } from './rpc-client.ts';
import type { Sized } from './sizes.ts';

export type RowsetInit = Exclude<MessageInitShape<typeof RowsetMetaCloudPBSchema>, Message>;

/** Far away, in seconds since 1970. */
export const NEVER = 4_102_444_800n;

const SCHEMA = {
  keysType: KeysType.DUP_KEYS,
  column: [
    { uniqueId: 0, name: 'k1', type: 'INT', isKey: true, aggregation: 'NONE', isNullable: false },
    { uniqueId: 1, name: 'v1', type: 'STRING', isKey: false, aggregation: 'NONE', isNullable: true },
  ],
  numShortKeyColumns: 1,
  schemaVersion: 0,
} satisfies MessageInitShape<typeof TabletSchemaCloudPBSchema>;

function schemaOf({ merges_on_write }: Table): MessageInitShape<typeof TabletSchemaCloudPBSchema> {
  return merges_on_write ? { ...SCHEMA, keysType: KeysType.UNIQUE_KEYS } : SCHEMA;
}

/** A tablet as a frontend creates it: with the rowset that stands for the versions 0 and 1. */
export function tabletMeta({ id, index, partition, ready }: Tablet): MessageInitShape<typeof TabletMetaCloudPBSchema> {
  return {
    tableId: partition.table.id,
    indexId: index.id,
    partitionId: partition.id,
    tabletId: id,
    tabletState: ready ? TabletStatePB.PB_RUNNING : TabletStatePB.PB_NOTREADY,
    schema: schemaOf(partition.table),
    enableUniqueKeyMergeOnWrite: partition.table.merges_on_write,
    rsMetas: [
      {
        rowsetId: 0n,
        rowsetIdV2: initialRowsetId(id),
        partitionId: partition.id,
        tabletId: id,
        rowsetType: RowsetTypePB.BETA_ROWSET,
        rowsetState: RowsetStatePB.VISIBLE,
        startVersion: 0n,
        endVersion: 1n,
        numRows: 0n,
        numSegments: 0n,
        totalDiskSize: 0n,
        dataDiskSize: 0n,
      },
    ],
  };
}

export function initialRowsetId(tabletId: bigint): string {
  return `initial-${tabletId}`;
}

/** The rowset that a load writes to a tablet; now and then one without rows, or one that deletes by a condition. */
export function loadedRowset(random: Random, model: Model, tablet: Tablet, txnId: bigint, id: string): RowsetInit {
  const { merges_on_write } = tablet.partition.table;
  const segments = newSegments(random, id);
  if (merges_on_write) model.rows.set(id, segments);
  const deletes = !merges_on_write && random.chance(0.1);
  const counted = deletes ? [] : segments;
  const sized = {
    dataDiskSize: BigInt(counted.length === 0 ? 0 : 1 + random.int(10_000)),
    numRows: BigInt(numberOfRows(counted)),
    numSegments: BigInt(counted.length),
  };
  const meta = rowset(tablet, txnId, id, sized);
  return deletes ? { ...meta, deletePredicate: { version: 0, subPredicates: ["k1='1'"] } } : meta;
}

export function rowset(tablet: Tablet, txnId: bigint, rowsetId: string, sized: Sized, at?: VersionRange): RowsetInit {
  return {
    rowsetId: 0n,
    rowsetIdV2: rowsetId,
    partitionId: tablet.partition.id,
    tabletId: tablet.id,
    indexId: tablet.index.id,
    txnId,
    txnExpiration: NEVER,
    rowsetType: RowsetTypePB.BETA_ROWSET,
    rowsetState: RowsetStatePB.COMMITTED,
    segmentsOverlapPb: SegmentsOverlapPB.NONOVERLAPPING,
    numRows: sized.numRows,
    numSegments: sized.numSegments,
    dataDiskSize: sized.dataDiskSize,
    totalDiskSize: sized.dataDiskSize,
    indexDiskSize: 0n,
    tabletSchema: schemaOf(tablet.partition.table),
    ...(at && { startVersion: at.startVersion, endVersion: at.endVersion }),
  };
}

/** The job that a rowset is written for. */
export interface WritingJob {
  readonly id: string;
  /** Whether others may take its place meanwhile. */
  readonly may_be_replaced?: boolean;
}

/**
 * Announces a rowset, writes its objects and then itself, as a backend does; now and then twice, as one does whose answer was late.
 * Returns whether both went well.
 */
export async function writeRowset(
  cluster: Cluster,
  random: Random,
  about: string,
  rowset: RowsetInit,
  job?: WritingJob,
): Promise<boolean> {
  const { service, storage } = cluster;
  const rowsetMeta = storage?.placed(rowset) ?? rowset;
  const request = {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    temporary: true,
    txnId: rowsetMeta.txnId ?? 0n,
    rowsetMeta,
    ...(job && { tabletJobId: job.id }),
  };
  const codes = job?.may_be_replaced === true ? ['OK', 'STALE_PREPARE_ROWSET'] : ['OK'];
  const prepared = await service.insist('prepare_rowset', request);
  if (!expectCode(cluster, `${about}: prepare_rowset`, prepared.answer, ...codes)) return false;
  if (codeName(prepared.answer) !== 'OK') return false;
  storage?.write(rowsetMeta);
  const commits = await Promise.all(
    Array.from({ length: random.chance(0.15) ? 2 : 1 }, () => service.insist('commit_rowset', request)),
  );
  for (const { answer } of commits) expectCode(cluster, `${about}: commit_rowset`, answer, ...codes);
  const written = commits.every(({ answer }) => codeName(answer) === 'OK');
  if (written && random.chance(0.05)) {
    const { answer } = await service.insist('prepare_rowset', request);
    const gone = codes.filter((code) => code !== 'OK');
    expectCode(cluster, `${about}: prepare_rowset of what is written`, answer, 'ALREADY_EXISTED', ...gone);
  }
  return written;
}

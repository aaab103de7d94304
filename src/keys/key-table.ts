import { CopyFilePBSchema, CopyJobPBSchema } from '../schema/gen/cloud/copy_pb.ts';
import { DeleteBitmapUpdateLockPBSchema, PendingDeleteBitmapPBSchema } from '../schema/gen/cloud/delete_bitmap_pb.ts';
import { RecycleIndexPBSchema } from '../schema/gen/cloud/index_pb.ts';
import { InstanceInfoPBSchema } from '../schema/gen/cloud/instance_pb.ts';
import { TabletJobInfoPBSchema } from '../schema/gen/cloud/job_pb.ts';
import { RecyclePartitionPBSchema } from '../schema/gen/cloud/partition_pb.ts';
import { JobRecyclePBSchema } from '../schema/gen/cloud/recycler_pb.ts';
import { RecycleRowsetPBSchema } from '../schema/gen/cloud/rowset_pb.ts';
import { RecycleStagePBSchema } from '../schema/gen/cloud/stage_pb.ts';
import { TabletIndexPBSchema } from '../schema/gen/cloud/tablet_pb.ts';
import { TabletStatsPBSchema } from '../schema/gen/cloud/tablet_stats_pb.ts';
import { RoutineLoadProgressPBSchema } from '../schema/gen/cloud/txn_attachment_pb.ts';
import {
  RecycleTxnPBSchema,
  TxnIndexPBSchema,
  TxnInfoPBSchema,
  TxnLabelPBSchema,
  TxnRunningPBSchema,
} from '../schema/gen/cloud/txn_pb.ts';
import { StorageVaultPBSchema } from '../schema/gen/cloud/vault_pb.ts';
import { VersionPBSchema } from '../schema/gen/cloud/version_pb.ts';
import { RowsetMetaCloudPBSchema } from '../schema/gen/olap/rowset_meta_pb.ts';
import { TabletMetaCloudPBSchema } from '../schema/gen/olap/tablet_meta_pb.ts';
import { SchemaCloudDictionarySchema, TabletSchemaCloudPBSchema } from '../schema/gen/olap/tablet_schema_pb.ts';
import { int64, KeyKind, type KeyShape, text } from './key-kind.ts';
import { systemShapes } from './system-keys.ts';

/** The first byte of a key that belongs to one instance. */
export const INSTANCE_SPACE = 0x01;

const instance_id = text('instance_id');
const db_id = int64('db_id');
const table_id = int64('table_id');
const index_id = int64('index_id');
const partition_id = int64('partition_id');
const tablet_id = int64('tablet_id');
const txn_id = int64('txn_id');
const rowset_id = text('rowset_id');
const stage_id = text('stage_id');

function keyTable<const Shapes extends Record<string, KeyShape>>(shapes: Shapes): KindsOf<Shapes> {
  const kinds = Object.entries(shapes).map(([name, shape]) => [name, new KeyKind(name, shape)]);
  return Object.freeze(Object.fromEntries(kinds));
}

type KindsOf<Shapes extends Record<string, KeyShape>> = {
  readonly [Name in keyof Shapes & string]: KeyKind<Name, Shapes[Name]>;
};

/**
 * Every kind of key that there is. The bytes are those of Doris 3.0, so that either service can read the other's store.
 * Whatever else knows about keys (their picture, the admin tools, the page of docs) is derived from this table.
 */
export const keys = keyTable({
  instance: {
    about: 'An instance: its users, object stores, vaults, clusters and nodes.',
    space: INSTANCE_SPACE,
    parts: ['instance', instance_id],
    value: { type: 'message', schema: InstanceInfoPBSchema },
  },

  txnLabel: {
    about: 'The transactions that used a label, and the stamp from which the newest one got its id.',
    space: INSTANCE_SPACE,
    parts: ['txn', instance_id, 'txn_label', db_id, text('label')],
    value: { type: 'stamped message', schema: TxnLabelPBSchema },
  },
  txnInfo: {
    about: 'A transaction.',
    space: INSTANCE_SPACE,
    parts: ['txn', instance_id, 'txn_info', db_id, txn_id],
    value: { type: 'message', schema: TxnInfoPBSchema },
  },
  txnIndex: {
    about: 'The database of a transaction.',
    space: INSTANCE_SPACE,
    parts: ['txn', instance_id, 'txn_index', txn_id],
    value: { type: 'message', schema: TxnIndexPBSchema },
  },
  txnRunning: {
    about: 'A transaction that is neither visible nor aborted.',
    space: INSTANCE_SPACE,
    parts: ['txn', instance_id, 'txn_running', db_id, txn_id],
    value: { type: 'message', schema: TxnRunningPBSchema },
  },

  partitionVersion: {
    about: 'The visible version of a partition.',
    space: INSTANCE_SPACE,
    parts: ['version', instance_id, 'partition', db_id, table_id, partition_id],
    value: { type: 'message', schema: VersionPBSchema },
  },
  tableVersion: {
    about: 'The version of a table: how often it changed.',
    space: INSTANCE_SPACE,
    parts: ['version', instance_id, 'table', db_id, table_id],
    value: { type: 'counter' },
  },

  metaRowset: {
    about: 'A visible rowset, at its end version.',
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'rowset', tablet_id, int64('version')],
    value: { type: 'message', schema: RowsetMetaCloudPBSchema },
  },
  metaRowsetTmp: {
    about: 'A rowset of a transaction or a job that is not finished.',
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'rowset_tmp', txn_id, tablet_id],
    value: { type: 'message', schema: RowsetMetaCloudPBSchema },
  },
  metaTablet: {
    about: 'A tablet.',
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'tablet', table_id, index_id, partition_id, tablet_id],
    value: { type: 'message', schema: TabletMetaCloudPBSchema },
  },
  metaTabletIndex: {
    about: 'The database, table, index and partition of a tablet.',
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'tablet_index', tablet_id],
    value: { type: 'message', schema: TabletIndexPBSchema },
  },
  metaSchema: {
    about: "A version of an index's schema, shared by its tablets.",
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'schema', index_id, int64('schema_version')],
    value: { type: 'message', schema: TabletSchemaCloudPBSchema, split: { version: 1 } },
  },
  metaSchemaDictionary: {
    about: 'The columns and indexes that variant columns brought to an index, by number.',
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'tablet_schema_pb_dict', index_id],
    value: { type: 'message', schema: SchemaCloudDictionarySchema, split: { version: 0 } },
  },
  metaDeleteBitmap: {
    about: 'The deleted rows of a segment as of a version: a roaring bitmap.',
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'delete_bitmap', tablet_id, rowset_id, int64('version'), int64('segment_id')],
    value: { type: 'bytes', split: { version: 0 } },
  },
  metaDeleteBitmapUpdateLock: {
    about: "The lock on a table's delete bitmaps; the partition is -1, for all of them.",
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'delete_bitmap_lock', table_id, partition_id],
    value: { type: 'message', schema: DeleteBitmapUpdateLockPBSchema },
  },
  metaPendingDeleteBitmap: {
    about: 'The keys of the delete bitmaps that an unfinished load wrote to a tablet.',
    space: INSTANCE_SPACE,
    parts: ['meta', instance_id, 'delete_bitmap_pending', tablet_id],
    value: { type: 'message', schema: PendingDeleteBitmapPBSchema },
  },

  statsTablet: {
    about: "A tablet's statistics, without what its counters hold.",
    space: INSTANCE_SPACE,
    parts: ['stats', instance_id, 'tablet', table_id, index_id, partition_id, tablet_id],
    value: { type: 'message', schema: TabletStatsPBSchema },
  },
  statsTabletDataSize: {
    about: 'Bytes that loads added to a tablet.',
    space: INSTANCE_SPACE,
    parts: ['stats', instance_id, 'tablet', table_id, index_id, partition_id, tablet_id, 'data_size'],
    value: { type: 'counter' },
  },
  statsTabletNumRows: {
    about: 'Rows that loads added to a tablet.',
    space: INSTANCE_SPACE,
    parts: ['stats', instance_id, 'tablet', table_id, index_id, partition_id, tablet_id, 'num_rows'],
    value: { type: 'counter' },
  },
  statsTabletNumRowsets: {
    about: 'Rowsets that loads added to a tablet.',
    space: INSTANCE_SPACE,
    parts: ['stats', instance_id, 'tablet', table_id, index_id, partition_id, tablet_id, 'num_rowsets'],
    value: { type: 'counter' },
  },
  statsTabletNumSegments: {
    about: 'Segments that loads added to a tablet.',
    space: INSTANCE_SPACE,
    parts: ['stats', instance_id, 'tablet', table_id, index_id, partition_id, tablet_id, 'num_segs'],
    value: { type: 'counter' },
  },

  recycleIndex: {
    about: 'An index that is being created or was dropped.',
    space: INSTANCE_SPACE,
    parts: ['recycle', instance_id, 'index', index_id],
    value: { type: 'message', schema: RecycleIndexPBSchema },
  },
  recyclePartition: {
    about: 'A partition that is being created or was dropped.',
    space: INSTANCE_SPACE,
    parts: ['recycle', instance_id, 'partition', partition_id],
    value: { type: 'message', schema: RecyclePartitionPBSchema },
  },
  recycleRowset: {
    about: 'A rowset that is being written, or that compaction replaced.',
    space: INSTANCE_SPACE,
    parts: ['recycle', instance_id, 'rowset', tablet_id, rowset_id],
    value: { type: 'message', schema: RecycleRowsetPBSchema },
  },
  recycleTxn: {
    about: 'A transaction that is finished and may be forgotten in time.',
    space: INSTANCE_SPACE,
    parts: ['recycle', instance_id, 'txn', db_id, txn_id],
    value: { type: 'message', schema: RecycleTxnPBSchema },
  },
  recycleStage: {
    about: 'A stage that was dropped.',
    space: INSTANCE_SPACE,
    parts: ['recycle', instance_id, 'stage', stage_id],
    value: { type: 'message', schema: RecycleStagePBSchema },
  },

  jobTablet: {
    about: "A tablet's compactions and schema change.",
    space: INSTANCE_SPACE,
    parts: ['job', instance_id, 'tablet', table_id, index_id, partition_id, tablet_id],
    value: { type: 'message', schema: TabletJobInfoPBSchema },
  },
  jobRecycle: {
    about: 'Who recycles an instance, and when it was last done.',
    space: INSTANCE_SPACE,
    parts: ['job', instance_id, 'recycle'],
    value: { type: 'message', schema: JobRecyclePBSchema },
  },
  jobCheck: {
    about: 'Who checks an instance, and when it was last done.',
    space: INSTANCE_SPACE,
    parts: ['job', instance_id, 'check'],
    value: { type: 'message', schema: JobRecyclePBSchema },
  },
  jobRoutineLoadProgress: {
    about: 'How far a routine load came in each partition of its source.',
    space: INSTANCE_SPACE,
    parts: ['job', instance_id, 'routine_load_progress', db_id, int64('job_id')],
    value: { type: 'message', schema: RoutineLoadProgressPBSchema },
  },

  copyJob: {
    about: 'The files that a COPY INTO loads.',
    space: INSTANCE_SPACE,
    parts: ['copy', instance_id, 'job', stage_id, table_id, text('copy_id'), int64('group_id')],
    value: { type: 'message', schema: CopyJobPBSchema },
  },
  copyFile: {
    about: 'A file of a stage that a COPY INTO has claimed for a table.',
    space: INSTANCE_SPACE,
    parts: ['copy', instance_id, 'loading_file', stage_id, table_id, text('object_key'), text('object_etag')],
    value: { type: 'message', schema: CopyFilePBSchema },
  },

  storageVault: {
    about: 'A storage vault.',
    space: INSTANCE_SPACE,
    parts: ['storage_vault', instance_id, 'vault', text('vault_id')],
    value: { type: 'message', schema: StorageVaultPBSchema },
  },

  ...systemShapes,
});

export type Keys = typeof keys;
export type KeyName = keyof Keys;

/** All kinds, in the order of the table. */
export const allKinds: readonly Keys[KeyName][] = Object.values(keys);

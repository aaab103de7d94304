import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { collectEncodedRecords } from '../../records/encoded-record.ts';
import { readRecord, readRecordValue } from '../../records/message-record.ts';
import { encodedFields } from '../../schema/encoded-fields.ts';
import {
  type GetRowsetRequest,
  GetRowsetRequest_SchemaOp,
  GetRowsetResponseSchema,
} from '../../schema/gen/cloud/rowset_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import type { TabletStatsPB } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import type { SchemaCloudDictionary } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { mustBeSettled } from '../commit/settled.ts';
import { answeringBesideErrors, invalid } from '../meta-error.ts';
import { readDictionary } from '../schema/schema-dictionary.ts';
import { tabletStatsAt } from '../tablet/stored-stats.ts';
import { readTabletIndex } from '../tablet/tablet-index.ts';
import { RowsetSchemas, type StoredRowset } from './rowset-schemas.ts';
import { scanRowset } from './scan-rowset.ts';
import { LAST_VERSION, rangesToSync, type VersionRange } from './version-ranges.ts';

/**
 * The visible rowsets of a tablet that a backend needs to know of the versions that it asks for, with their schemas, and
 * the tablet's statistics. These are answered beside an error, too.
 */
export async function getRowset({ txn }: Call, request: GetRowsetRequest, instanceId: string) {
  checkRequest(request);
  const tabletId = request.idx?.tabletId ?? 0n;
  const index = await readTabletIndex(txn, instanceId, tabletId);
  await partitionMustBeSettled(txn, instanceId, index);
  const stats = await tabletStatsAt(txn, instanceId, index);
  const rowsets = await answeringBesideErrors({ stats }, readRowsets(txn, instanceId, request, stats));
  const answered = await answeringBesideErrors(
    { stats },
    completeRowsets(txn, instanceId, index.indexId, rowsets, request.schemaOp),
  );
  return { stats, ...answered };
}

/** Has a lazy commit finished that has taken the next version of the partition: its rowsets may be asked for. */
async function partitionMustBeSettled(txn: Transaction, instance_id: string, index: TabletIndexPB): Promise<void> {
  if (!isSet(index, 'dbId')) return;
  const { dbId: db_id, tableId: table_id, partitionId: partition_id } = index;
  const version = await readRecord(txn, keys.partitionVersion, { instance_id, db_id, table_id, partition_id });
  mustBeSettled(instance_id, [version]);
}

function checkRequest(request: GetRowsetRequest): void {
  if ((request.idx?.tabletId ?? 0n) <= 0n) throw invalid('no valid tablet_id given');
  const state = ['baseCompactionCnt', 'cumulativeCompactionCnt', 'cumulativePoint'] as const;
  if (!state.every((name) => isSet(request, name))) {
    throw invalid('no valid compaction_cnt or cumulative_point given');
  }
}

async function readRowsets(
  txn: Transaction,
  instance_id: string,
  request: GetRowsetRequest,
  stats: TabletStatsPB,
): Promise<StoredRowset[]> {
  const tablet = { instance_id, tablet_id: request.idx?.tabletId ?? 0n };
  const rowsets: StoredRowset[] = [];
  for (const { start, end } of rangesOf(request, stats)) {
    const range = keys.metaRowset.span({ ...tablet, version: start }, { ...tablet, version: end + 1n });
    for (const rowset of await collectEncodedRecords(txn, keys.metaRowset, range, scanRowset)) rowsets.push(rowset);
  }
  return rowsets;
}

/** The versions whose rowsets the caller needs. Throws for one that says of the tablet what is yet to come. */
function rangesOf(request: GetRowsetRequest, stats: TabletStatsPB): VersionRange[] {
  const known = compactionState(request);
  const current = compactionState(stats);
  const ahead =
    known.baseCompactions > current.baseCompactions ||
    known.cumulativeCompactions > current.cumulativeCompactions ||
    known.cumulativePoint > current.cumulativePoint;
  if (ahead) {
    const counts = [
      `req_bc_cnt=${known.baseCompactions}, bc_cnt=${current.baseCompactions}`,
      `req_cc_cnt=${known.cumulativeCompactions}, cc_cnt=${current.cumulativeCompactions}`,
      `req_cp=${known.cumulativePoint}, cp=${current.cumulativePoint}`,
    ];
    throw invalid(`no valid compaction_cnt or cumulative_point given. ${counts.join(', ')}`);
  }
  const { startVersion: start, endVersion } = request;
  const end = endVersion < 0n || endVersion > LAST_VERSION ? LAST_VERSION : endVersion;
  return rangesToSync({ start, end }, known, current);
}

function compactionState(from: GetRowsetRequest | TabletStatsPB) {
  return {
    baseCompactions: from.baseCompactionCnt,
    cumulativeCompactions: from.cumulativeCompactionCnt,
    cumulativePoint: from.cumulativePoint,
  };
}

/** Rowsets as fields of the response. A backend may ask for the dictionary, and fill up the schemas itself. */
async function completeRowsets(
  txn: Transaction,
  instance_id: string,
  index_id: bigint,
  rowsets: readonly StoredRowset[],
  op: GetRowsetRequest_SchemaOp,
) {
  const schemas = new RowsetSchemas(txn, instance_id, index_id);
  await schemas.find(rowsets);
  const answer = (name: string, values: Iterable<Uint8Array>) => encodedFields(GetRowsetResponseSchema, name, values);
  const complete = (dictionary?: SchemaCloudDictionary) =>
    answer(
      'rowset_meta',
      rowsets.map((rowset) => schemas.complete(rowset, dictionary)),
    );
  if (!rowsets.some(({ fields }) => fields.schemaDictKeyList)) return { $unknown: complete() };

  const place = { instance_id, index_id };
  if (op === GetRowsetRequest_SchemaOp.RETURN_DICT) {
    const dictionary = (await readRecordValue(txn, keys.metaSchemaDictionary, place)) ?? new Uint8Array();
    return { $unknown: [...complete(), ...answer('schema_dict', [dictionary])] };
  }
  // Doris answers an empty dictionary where it has used it.
  return { $unknown: [...complete(await readDictionary(txn, place)), ...answer('schema_dict', [new Uint8Array()])] };
}

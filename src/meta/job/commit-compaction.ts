import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { recordFromValue, writeRecord } from '../../records/message-record.ts';
import { mergeTabletStats } from '../../records/tablet-stats.ts';
import type { TabletCompactionJobPB } from '../../schema/gen/cloud/job_pb.ts';
import { RecycleRowsetPB_Type as RecycleType } from '../../schema/gen/cloud/rowset_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { answeringBesideErrors, failed, invalid, MetaError } from '../meta-error.ts';
import { tabletStatsToChange } from '../tablet/stored-stats.ts';
import { checkAlterVersion } from './alter-version.ts';
import { releaseUpdateLock } from './bitmap-lock.ts';
import { kindOf } from './compaction-kinds.ts';
import type { FinishedJob } from './job-answer.ts';
import { statsAfterCompaction } from './job-stats.ts';
import {
  type OutputRowset,
  publishRowset,
  type RowsetPlace,
  readOutputRowsets,
  recycleRowsets,
} from './replaced-rowsets.ts';
import { lockOf, type RunningCompaction, withoutRunning } from './running-compaction.ts';
import { saveTabletJob } from './tablet-job.ts';
import type { VersionRange } from './version-range.ts';

/** What is answered as the alter version of a tablet without a schema change. */
const NO_ALTER_VERSION = -1n;

/**
 * Commits a compaction: counts it, lets its output rowset take the place of its input rowsets, and ends it. An empty
 * cumulative one has neither input nor output. Throws JOB_CHECK_ALTER_VERSION, TABLET_NOT_FOUND, INVALID_ARGUMENT for
 * what the request lacks, what `releaseUpdateLock` throws, and UNDEFINED_ERR when rowsets are not there.
 */
export async function commitCompaction(call: Call, job: RunningCompaction): Promise<FinishedJob> {
  const { tablet, recorded, given } = job;
  const { txn } = call;
  checkAlterVersion(given, recorded.schemaChange);
  const { aggregated, detached } = await tabletStatsToChange(txn, tablet.instanceId, tablet.index);
  const { commit } = kindOf(given);
  if (!commit) {
    throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, 'invalid compaction type', { stats: aggregated });
  }

  const after = statsAfterCompaction(aggregated, given, commit, nowSeconds(call));
  const stats = mergeTabletStats({ aggregated: after, detached });
  writeRecord(txn, keys.statsTablet, tablet.fields, after);
  if (commit.replaces_rowsets) await answeringBesideErrors({ stats }, replaceRowsets(call, job));
  saveTabletJob(txn, tablet.fields, withoutRunning(job));
  if (!commit.replaces_rowsets) return { stats };
  const { schemaChange } = recorded;
  const alterVersion =
    schemaChange && isSet(schemaChange, 'alterVersion') ? schemaChange.alterVersion : NO_ALTER_VERSION;
  return { stats, alterVersion };
}

async function replaceRowsets(call: Call, { tablet, given }: RunningCompaction): Promise<void> {
  const { txn } = call;
  const lock = lockOf(tablet, given);
  if (lock) await releaseUpdateLock(txn, tablet.instanceId, lock);
  const { input, version } = givenVersions(given);
  const place = { instance_id: tablet.instanceId, tablet_id: tablet.index.tabletId };
  const replaced = await recycleRowsets(txn, place, input, { type: RecycleType.COMPACT, now: nowSeconds(call) });
  if (replaced.length === 0) throw failed(`too few input rowsets, tablet_id=${place.tablet_id} num_rowsets=0`);
  const written = new Set<string>();
  for (const output of await readOutputRowsets(txn, place, [givenTxnId(given, place)])) {
    written.add(rowsetWritten(place, output).rowsetIdV2);
    publishRowset(txn, place, output, version);
  }
  if (!lock) return;
  for (const { rowsetIdV2 } of replaced) if (!written.has(rowsetIdV2)) removeDeleteBitmaps(txn, place, rowsetIdV2);
}

function givenVersions(given: TabletCompactionJobPB): { input: VersionRange; version: bigint } {
  const { inputVersions, outputVersions, outputRowsetIds } = given;
  const [first, last] = inputVersions;
  const [version] = outputVersions;
  const whole = inputVersions.length === 2 && outputVersions.length === 1 && outputRowsetIds.length === 1;
  if (whole && first !== undefined && last !== undefined && version !== undefined) {
    return { input: { first, last }, version };
  }
  const sizes = [
    `input_versions_size=${inputVersions.length}`,
    `output_versions_size=${outputVersions.length}`,
    `output_rowset_ids_size=${outputRowsetIds.length}`,
  ];
  throw invalid(`invalid input or output versions, ${sizes.join(' ')}`);
}

/** The id under which the output rowset was written. That of the rowset itself must be given, but is compared with nothing. */
function givenTxnId({ txnId: txnIds, outputRowsetIds }: TabletCompactionJobPB, { tablet_id }: RowsetPlace): bigint {
  const [txnId] = txnIds;
  const [rowsetId = ''] = outputRowsetIds;
  if (txnId === undefined || txnIds.length !== 1) throw invalid(`invalid txn_id, txn_id_size=${txnIds.length}`);
  if (txnId > 0n && rowsetId !== '') return txnId;
  throw invalid(`invalid txn_id or rowset_id, tablet_id=${tablet_id} txn_id=${txnId} rowset_id=${rowsetId}`);
}

function rowsetWritten(place: RowsetPlace, { txn_id, value }: OutputRowset): RowsetMetaCloudPB {
  const rowset = recordFromValue(keys.metaRowsetTmp, keys.metaRowsetTmp.encode({ ...place, txn_id }), value);
  if (rowset.txnId > 0n) return rowset;
  throw invalid(`invalid txn_id in output tmp rowset meta, tablet_id=${place.tablet_id} txn_id=${rowset.txnId}`);
}

/** The output rowset has delete bitmaps of its own. */
function removeDeleteBitmaps(txn: Transaction, { instance_id, tablet_id }: RowsetPlace, rowset_id: string): void {
  const { begin, end } = keys.metaDeleteBitmap.range({ instance_id, tablet_id, rowset_id });
  txn.clearRange(begin, end);
}

import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { mergeTabletStats } from '../../records/tablet-stats.ts';
import type { TabletSchemaChangeJobPB } from '../../schema/gen/cloud/job_pb.ts';
import { RecycleRowsetPB_Type as RecycleType } from '../../schema/gen/cloud/rowset_pb.ts';
import { TabletStatePB as TabletState } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { SCHEMA_CHANGE_LOCK_ID } from '../delete-bitmap/update-lock.ts';
import { answeringBesideErrors, invalid } from '../meta-error.ts';
import { tabletStatsToChange } from '../tablet/stored-stats.ts';
import { FIRST_LOADED_VERSION } from './alter-version.ts';
import { releaseUpdateLock } from './bitmap-lock.ts';
import type { FinishedJob } from './job-answer.ts';
import { statsAfterSchemaChange } from './job-stats.ts';
import { publishRowset, readOutputRowsets, recycleRowsets } from './replaced-rowsets.ts';
import { endSchemaChange, type RunningSchemaChange } from './running-schema-change.ts';

/**
 * Commits a schema change: its new tablet runs from now on, with the converted rowsets up to the alter version in place
 * of those that loads wrote there meanwhile, and the change is over. A change of a tablet without loads converts
 * nothing; it is left recorded, as Doris leaves it, where it holds nothing up. Throws INVALID_ARGUMENT for what the
 * request lacks, TABLET_NOT_FOUND for a new tablet without statistics, what `releaseUpdateLock` throws, and UNDEFINED_ERR
 * when a converted rowset is not there.
 */
export async function commitSchemaChange(call: Call, job: RunningSchemaChange): Promise<FinishedJob> {
  const { newTablet, given } = job;
  const { txn } = call;
  newTablet.meta.tabletState = TabletState.PB_RUNNING;
  newTablet.meta.cumulativeLayerPoint = given.outputCumulativePoint;
  writeRecord(txn, keys.metaTablet, newTablet.fields, newTablet.meta);
  if (!isSet(given, 'alterVersion')) throw invalid('invalid alter_version');
  if (given.alterVersion < FIRST_LOADED_VERSION) return {};

  const place = { instance_id: job.tablet.instanceId, tablet_id: newTablet.index.tabletId };
  const converted = { first: FIRST_LOADED_VERSION, last: given.alterVersion };
  const replaced = await recycleRowsets(txn, place, converted, { type: RecycleType.DROP, now: nowSeconds(call) });
  const { aggregated, detached } = await tabletStatsToChange(txn, job.tablet.instanceId, newTablet.index);
  const after = statsAfterSchemaChange(aggregated, given, replaced);
  writeRecord(txn, keys.statsTablet, newTablet.fields, after);
  const stats = mergeTabletStats({ aggregated: after, detached });
  await answeringBesideErrors({ stats }, publishConverted(call, job));
  await endSchemaChange(txn, job);
  return { stats };
}

async function publishConverted({ txn }: Call, { tablet, newTablet, given }: RunningSchemaChange): Promise<void> {
  checkOutputs(given);
  const { instanceId } = tablet;
  const { index, meta } = newTablet;
  if (meta.enableUniqueKeyMergeOnWrite) {
    const initiator = given.deleteBitmapLockInitiator;
    await releaseUpdateLock(txn, instanceId, { tableId: index.tableId, lockId: SCHEMA_CHANGE_LOCK_ID, initiator });
  }
  const place = { instance_id: instanceId, tablet_id: index.tabletId };
  const outputs = await readOutputRowsets(txn, place, given.txnIds);
  for (const [i, output] of outputs.entries()) publishRowset(txn, place, output, given.outputVersions[i] as bigint);
}

/** Doris ends its whole process when there are fewer versions than rowsets. Further versions mean nothing. */
function checkOutputs({ txnIds, outputVersions }: TabletSchemaChangeJobPB): void {
  if (txnIds.length === 0 || outputVersions.length === 0) throw invalid('empty txn_ids or output_versions');
  if (outputVersions.length >= txnIds.length) return;
  const sizes = `txn_ids_size=${txnIds.length} output_versions_size=${outputVersions.length}`;
  throw invalid(`each of txn_ids needs its version in output_versions, ${sizes}`);
}

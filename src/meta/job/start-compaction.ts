import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord } from '../../records/message-record.ts';
import {
  type TabletCompactionJobPB,
  TabletCompactionJobPBSchema,
  TabletJobInfoPBSchema,
} from '../../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import type { TabletFields } from '../tablet/tablet-index.ts';
import { checkAlterVersion } from './alter-version.ts';
import { firstInTheWay, versionsToAvoid } from './compaction-conflicts.ts';
import { kindOf } from './compaction-kinds.ts';
import type { StartedJob } from './job-answer.ts';
import { isAbandoned } from './job-time.ts';
import { type JobTablet, readTabletJob, saveTabletJob } from './tablet-job.ts';

/**
 * Records a compaction as running, unless others that run are in its way. Those that expired or whose lease was not
 * renewed are dropped. Throws STALE_TABLET_CACHE, JOB_CHECK_ALTER_VERSION or JOB_TABLET_BUSY.
 */
export async function startCompaction(
  call: Call,
  tablet: JobTablet,
  compaction: TabletCompactionJobPB,
): Promise<StartedJob> {
  checkGiven(compaction);
  const { txn } = call;
  await checkTabletCache(txn, tablet.fields, compaction);
  const recorded = (await readTabletJob(txn, tablet.fields)) ?? create(TabletJobInfoPBSchema);
  checkAlterVersion(compaction, recorded.schemaChange);

  const now = nowSeconds(call);
  const running = recorded.compaction.filter((job) => !isAbandoned(job, now));
  const inTheWay = firstInTheWay(running, compaction);
  if (inTheWay?.id === compaction.id) return {};
  if (inTheWay) throw busy(running, compaction, inTheWay, tablet);

  recorded.idx ??= tablet.index;
  recorded.compaction = [...(kindOf(compaction).clears_others ? [] : running), compaction];
  saveTabletJob(txn, tablet.fields, recorded);
  return {};
}

function checkGiven(compaction: TabletCompactionJobPB): void {
  if (compaction.id === '') throw invalid('no job id specified');
  if (!isSet(compaction, 'baseCompactionCnt') || !isSet(compaction, 'cumulativeCompactionCnt')) {
    throw invalid('no valid compaction_cnt given');
  }
  if (compaction.expiration <= 0n && kindOf(compaction).needs_expiration) throw invalid('no valid expiration given');
  if (compaction.lease <= 0n) throw invalid('no valid lease given');
}

/**
 * A node that does not know of all compactions that were committed would compact rowsets that are gone. One that
 * pretends to know of more is taken at its word.
 */
async function checkTabletCache(
  txn: Transaction,
  tablet: TabletFields,
  compaction: TabletCompactionJobPB,
): Promise<void> {
  const stats = await readRecord(txn, keys.statsTablet, tablet);
  if (!stats) {
    const place = `tablet_id=${tablet.tablet_id} key=${keys.statsTablet.encode(tablet).toString('hex')}`;
    const message = `not found when get tablet stats, ${place} err=KeyNotFound`;
    throw new MetaError(MetaServiceCode.TABLET_NOT_FOUND, message);
  }
  if (!kindOf(compaction).needs_fresh_cache) return;
  const { baseCompactionCnt: base, cumulativeCompactionCnt: cumulative } = compaction;
  if (base >= stats.baseCompactionCnt && cumulative >= stats.cumulativeCompactionCnt) return;
  const counts = [
    `req_base_compaction_cnt=${base}`,
    `base_compaction_cnt=${stats.baseCompactionCnt}`,
    `req_cumulative_compaction_cnt=${cumulative}`,
    `cumulative_compaction_cnt=${stats.cumulativeCompactionCnt}`,
  ];
  const message = `could not perform compaction on expired tablet cache. ${counts.join(', ')}`;
  throw new MetaError(MetaServiceCode.STALE_TABLET_CACHE, message);
}

function busy(
  running: readonly TabletCompactionJobPB[],
  wanted: TabletCompactionJobPB,
  inTheWay: TabletCompactionJobPB,
  { index: { tabletId } }: JobTablet,
): MetaError {
  const message =
    kindOf(inTheWay).keeps_out === 'everything'
      ? `compactions are not allowed on tablet_id=${tabletId} currently, blocked by schema change job delete_bitmap_initiator=${inTheWay.deleteBitmapLockInitiator}`
      : `compaction has already started, tablet_id=${tabletId} job=${quote(TabletCompactionJobPBSchema, inTheWay)}`;
  return new MetaError(MetaServiceCode.JOB_TABLET_BUSY, message, {
    versionInCompaction: versionsToAvoid(running, wanted, inTheWay),
  });
}

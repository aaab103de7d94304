import {
  type TabletCompactionJobPB,
  TabletCompactionJobPBSchema,
  type TabletJobInfoPB,
  TabletJobInfoPBSchema,
} from '../../schema/gen/cloud/job_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { COMPACTION_LOCK_ID, type HeldLock } from '../delete-bitmap/update-lock.ts';
import { invalid } from '../meta-error.ts';
import { quote } from '../quote.ts';
import type { JobTablet } from './tablet-job.ts';

/** A compaction that a request wants to finish. */
export interface GivenCompaction {
  readonly tablet: JobTablet;
  /** All jobs of the tablet, to be changed. */
  readonly recorded: TabletJobInfoPB;
  /** What the request says of it. */
  readonly given: TabletCompactionJobPB;
}

/** The same, found among the compactions that run. */
export interface RunningCompaction extends GivenCompaction {
  /** One of `recorded`. */
  readonly running: TabletCompactionJobPB;
}

/**
 * The running compaction with the id of a given one. Of several with one id, which have versions that don't meet, it is
 * the one that was started first. Throws INVALID_ARGUMENT when there is none.
 */
export function findRunning(job: GivenCompaction): RunningCompaction {
  const { tablet, recorded, given } = job;
  if (recorded.compaction.length === 0) {
    throw invalid(`there is no running compaction, tablet_id=${tablet.index.tabletId}`);
  }
  const running = recorded.compaction.find((each) => each.id === given.id);
  if (running) return { ...job, running };
  const jobs = `recorded_job=${quote(TabletJobInfoPBSchema, recorded)}`;
  throw invalid(`unmatched job id, ${jobs} given_job=${quote(TabletCompactionJobPBSchema, given)}`);
}

/** The jobs of the tablet without the running compaction. */
export function withoutRunning({ recorded, running }: RunningCompaction): TabletJobInfoPB {
  recorded.compaction = recorded.compaction.filter((each) => each !== running);
  return recorded;
}

/** The lock on delete bitmaps that a compaction shares. That of a table without delete bitmaps has none. */
export function lockOf({ index }: JobTablet, given: TabletCompactionJobPB): HeldLock | undefined {
  if (!isSet(given, 'deleteBitmapLockInitiator')) return undefined;
  const initiator = given.deleteBitmapLockInitiator;
  return { tableId: index.tableId, lockId: COMPACTION_LOCK_ID, initiator };
}

import type { Transaction } from '../../kv/store.ts';
import {
  TabletCompactionJobPB_CompactionType as CompactionType,
  type TabletCompactionJobPB,
  type TabletJobInfoPB,
  type TabletSchemaChangeJobPB,
} from '../../schema/gen/cloud/job_pb.ts';
import { TabletStatePB as TabletState } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { isSameChange, type NewTablet } from './new-tablet.ts';
import { type JobTablet, readTabletJob, saveTabletJob } from './tablet-job.ts';

/** A schema change that a request wants to finish. */
export interface GivenSchemaChange {
  /** The base tablet. */
  readonly tablet: JobTablet;
  /** All jobs of the base tablet, to be changed. */
  readonly recorded: TabletJobInfoPB;
  /** What the request says of it. */
  readonly given: TabletSchemaChangeJobPB;
}

/** The same, found running, with a tablet that it may make. */
export interface RunningSchemaChange extends GivenSchemaChange {
  readonly running: TabletSchemaChangeJobPB;
  readonly newTablet: NewTablet;
}

/**
 * Takes a schema change off both of its tablets, and its stop token off the new one. Their other jobs stay, and so does a
 * change that another base tablet has begun since into the new one; unless that runs, when nothing ends it any more.
 */
export async function endSchemaChange(txn: Transaction, job: RunningSchemaChange): Promise<void> {
  const { tablet, recorded, given, running, newTablet } = job;
  delete recorded.schemaChange;
  saveTabletJob(txn, tablet.fields, recorded);
  const atNewTablet = await readTabletJob(txn, newTablet.fields);
  if (!atNewTablet?.schemaChange) return;
  const runs = newTablet.meta.tabletState === TabletState.PB_RUNNING;
  if (!runs && !isSameChange(atNewTablet.schemaChange, running)) return;
  delete atNewTablet.schemaChange;
  atNewTablet.compaction = atNewTablet.compaction.filter((each) => !isStopTokenOf(each, given));
  saveTabletJob(txn, newTablet.fields, atNewTablet);
}

function isStopTokenOf(job: TabletCompactionJobPB, change: TabletSchemaChangeJobPB): boolean {
  return (
    job.type === CompactionType.STOP_TOKEN &&
    isSet(job, 'deleteBitmapLockInitiator') &&
    isSet(change, 'deleteBitmapLockInitiator') &&
    job.deleteBitmapLockInitiator === change.deleteBitmapLockInitiator
  );
}

import { keys } from '../../keys/key-table.ts';
import { nowMillis } from '../../meta/call.ts';
import { fileFields } from '../../meta/copy/copy-file.ts';
import { readRecords, removeRecord } from '../../records/message-record.ts';
import { type CopyJobPB, CopyJobPB_JobStatus as JobStatus } from '../../schema/gen/cloud/copy_pb.ts';
import { StagePB_StageType as StageType } from '../../schema/gen/cloud/stage_pb.ts';
import { type CopyJob, deleteLoadedFiles } from '../delete-loaded-files.ts';
import { filesBeingLoaded } from '../files-being-loaded.ts';
import { inBatches } from '../in-batches.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { hexOf, isUnchanged, recordsOfPage } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import { internalStages, leadsElsewhere, placeOfStage } from '../stage-place.ts';
import type { Sweep, SweepContext } from '../sweep.ts';

/** A job has 100 kB at most, with a claim for each of the files in it. */
const JOBS_A_PAGE = 100;
const JOBS_AT_ONCE = 10;

/**
 * Reclaims copy jobs with the claims on their files. A job on an internal stage goes as soon as it has finished, after the
 * files that it loaded. One on an external stage is remembered for `copy_job_max_retention_second`, so that its files are
 * not loaded again; they are the user's and stay. One that was still loading at its timeout goes, and its files can be
 * loaded again.
 */
export const recycleCopyJobs: Sweep = {
  name: 'recycle_copy_jobs',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    for await (const page of scanInPages(store, keys.copyJob.range({ instance_id }), { page_pairs: JOBS_A_PAGE })) {
      signal.throwIfAborted();
      progress.scanned(page.length);
      const due = recordsOfPage(context, keys.copyJob, page).filter((job) => isDue(context, job));
      progress.found(due.length);
      await recycle(context, due);
    }
  },
};

function isDue(context: SweepContext, job: CopyJob): boolean {
  try {
    const due = reasonToGo(context, job.record) !== undefined;
    if (due && hasLoadedFiles(job)) mustStayInside(job.record);
    return due;
  } catch (error) {
    noteFailure(context, nameOf(job), error);
    return false;
  }
}

/** Why a job goes now, or undefined. Throws a ContradictionError for one in no known state. */
function reasonToGo(context: SweepContext, job: CopyJobPB): string | undefined {
  const { copy_job_max_retention_second, force_immediate_recycle } = context.settings;
  const now_ms = nowMillis(context);
  switch (job.jobStatus) {
    case JobStatus.LOADING:
      return now_ms > job.timeoutTimeMs ? 'it was not finished at its timeout' : undefined;
    case JobStatus.FINISH: {
      if (job.stageType === StageType.INTERNAL) return 'it is finished';
      if (force_immediate_recycle) return 'force_immediate_recycle is set';
      // Jobs of old stores don't say when they finished.
      const from_ms = job.finishTimeMs > 0n ? job.finishTimeMs : job.startTimeMs;
      const due_ms = from_ms + BigInt(copy_job_max_retention_second) * 1000n;
      return now_ms >= due_ms ? 'it finished longer than copy_job_max_retention_second ago' : undefined;
    }
    default:
      throw new ContradictionError('it is neither loading nor finished');
  }
}

/** Refuses paths that may lead out of the stage, so that such a job holds up no other. */
function mustStayInside({ objectFiles }: CopyJobPB): void {
  if (!objectFiles.some(({ relativePath }) => leadsElsewhere(relativePath))) return;
  throw new ContradictionError('it says to have loaded files from elsewhere');
}

function hasLoadedFiles({ record }: CopyJob): boolean {
  return record.jobStatus === JobStatus.FINISH && record.stageType === StageType.INTERNAL;
}

/**
 * Deletes the files of those that have loaded some, then removes the jobs whose files are gone. One whose file is being
 * loaded into another table waits for that, and one whose file is not listed yet waits for the next round.
 */
async function recycle(context: SweepContext, due: readonly CopyJob[]): Promise<void> {
  const kept = new Set<CopyJob>();
  const { instance, stages } = await internalStages(context.store, context.instance_id);
  for (const stage of stages) {
    const finished = due.filter((job) => job.fields.stage_id === stage.stageId && hasLoadedFiles(job));
    if (finished.length === 0) continue;
    const busy = await filesBeingLoaded(context, stage.stageId, new Set(finished.flatMap(pathsOf)));
    const loaded = finished.filter((job) => !pathsOf(job).some((path) => busy.has(path)));
    for (const job of finished) if (!loaded.includes(job)) kept.add(job);
    try {
      const place = await placeOfStage(context, instance, stage);
      const { unseen, ...deleted } = await deleteLoadedFiles(context, place, loaded);
      context.progress.deleted(0, deleted);
      for (const job of loaded) if (pathsOf(job).some((path) => unseen.has(path))) kept.add(job);
    } catch (error) {
      for (const job of loaded) {
        kept.add(job);
        noteFailure(context, nameOf(job), error);
      }
    }
  }
  // The files of a stage that was dropped go with it.
  const free = due.filter((job) => !kept.has(job));
  await inBatches(context, free, { size: JOBS_AT_ONCE, nameOf, work: (some) => removeJobs(context, some) });
}

function pathsOf({ record }: CopyJob): string[] {
  return record.objectFiles.map(({ relativePath }) => relativePath);
}

/** Removes jobs that are as they were read, with those claims that are theirs. */
async function removeJobs(context: SweepContext, jobs: readonly CopyJob[]): Promise<void> {
  const { store, progress, dry_run } = context;
  if (dry_run) {
    for (const { pair, record } of jobs) {
      progress.planned({ what: hexOf(pair), why: reasonToGo(context, record) ?? '' });
    }
    return;
  }
  const removed = await store.transact(async (txn) => {
    const values = await txn.getMany(jobs.map(({ pair }) => pair.key));
    const unchanged = jobs.filter(({ pair }, i) => isUnchanged(pair, values[i]));
    for (const { pair, fields, record } of unchanged) {
      const claims = record.objectFiles.map((file) => fileFields(fields, file));
      const claimed = await readRecords(txn, keys.copyFile, claims);
      for (const [i, claim] of claims.entries()) {
        const by = claimed[i];
        if (by?.copyId === fields.copy_id && BigInt(by.groupId) === fields.group_id)
          removeRecord(txn, keys.copyFile, claim);
      }
      txn.clear(pair.key);
    }
    return unchanged.length;
  });
  progress.deleted(removed);
}

function nameOf({ fields: { stage_id, table_id, copy_id } }: CopyJob): string {
  return `copy job ${copy_id} of stage ${stage_id} and table ${table_id}`;
}

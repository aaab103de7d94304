import { keys } from '../keys/key-table.ts';
import type { KeyValue } from '../kv/store.ts';
import { nowMillis } from '../meta/call.ts';
import { recordFromValue } from '../records/message-record.ts';
import { type CopyJobPB, CopyJobPBSchema, CopyJobPB_JobStatus as JobStatus } from '../schema/gen/cloud/copy_pb.ts';
import { fieldScan } from '../schema/scan-fields.ts';
import { scanInPages } from './scan-in-pages.ts';
import type { SweepContext } from './sweep.ts';

const JOBS_A_PAGE = 100;

const scanStatus = fieldScan(CopyJobPBSchema, ['jobStatus']);

/**
 * Which of some files of a stage are being loaded, into whichever table, by their paths. Jobs that have timed out load
 * nothing any more.
 */
export async function filesBeingLoaded(
  context: SweepContext,
  stage_id: string,
  paths: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const { store, instance_id, signal } = context;
  const found = new Set<string>();
  const range = keys.copyJob.range({ instance_id, stage_id });
  for await (const page of scanInPages(store, range, { page_pairs: JOBS_A_PAGE })) {
    signal.throwIfAborted();
    for (const pair of page) {
      const job = loadingJob(pair);
      if (!job || nowMillis(context) > job.timeoutTimeMs) continue;
      for (const { relativePath } of job.objectFiles) if (paths.has(relativePath)) found.add(relativePath);
    }
  }
  return found;
}

/** A job that is loading; most are not, and none of those is decoded. One that can't be read is noted where all are gone through. */
function loadingJob({ key, value }: KeyValue): CopyJobPB | undefined {
  try {
    if (scanStatus(value).jobStatus !== JobStatus.LOADING) return undefined;
    return recordFromValue(keys.copyJob, Buffer.from(key), value);
  } catch {
    return undefined;
  }
}

import type { StartTabletJobRequest } from '../../schema/gen/cloud/job_pb.ts';
import type { Call } from '../call.ts';
import type { StartedJob } from './job-answer.ts';
import { startCompaction } from './start-compaction.ts';
import { startSchemaChange } from './start-schema-change.ts';
import { tabletOfJob } from './tablet-job.ts';

/**
 * Starts a compaction or a schema change of a tablet. A request with both is for the compaction, and one with several
 * compactions for the first. Starting the same job again changes nothing.
 */
export async function startTabletJob(
  call: Call,
  request: StartTabletJobRequest,
  instanceId: string,
): Promise<StartedJob> {
  const tablet = await tabletOfJob(call.txn, instanceId, request.job);
  const { job } = tablet;
  return 'compaction' in job
    ? startCompaction(call, tablet, job.compaction)
    : startSchemaChange(call, tablet, job.schemaChange);
}

import { type FinishTabletJobRequest, TabletJobInfoPBSchema } from '../../schema/gen/cloud/job_pb.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { finishCompaction } from './finish-compaction.ts';
import { finishSchemaChange } from './finish-schema-change.ts';
import type { FinishedJob } from './job-answer.ts';
import { readTabletJob, tabletOfJob } from './tablet-job.ts';

/**
 * Commits, aborts or renews a compaction or a schema change that was started. A request with both is for the compaction,
 * and one with several compactions for the first.
 */
export async function finishTabletJob(
  call: Call,
  request: FinishTabletJobRequest,
  instanceId: string,
): Promise<FinishedJob> {
  const { txn } = call;
  const tablet = await tabletOfJob(txn, instanceId, request.job);
  const { job, index } = tablet;
  const recorded = await readTabletJob(txn, tablet.fields);
  if (!recorded) {
    const place = `instance_id=${instanceId} tablet_id=${index.tabletId}`;
    const quoted = request.job && quote(TabletJobInfoPBSchema, request.job);
    throw invalid(`job not found, ${place} job=${quoted} err=KeyNotFound`);
  }
  return 'compaction' in job
    ? finishCompaction(call, request.action, { tablet, recorded, given: job.compaction })
    : finishSchemaChange(call, request.action, { tablet, recorded, given: job.schemaChange });
}

import { clone } from '@bufbuild/protobuf';
import { type FinishTabletJobRequest, FinishTabletJobRequestSchema } from '../../schema/gen/cloud/job_pb.ts';
import type { Call } from '../call.ts';
import { finishTabletJob } from './finish-tablet-job.ts';
import type { FinishedJob } from './job-answer.ts';

/**
 * Aborts jobs of a tablet as the document has it: every compaction that the request lists, or none of them where one
 * can't be. The method itself looks at the first one only. The action of the request is ABORT.
 */
export async function abortTabletJob(
  call: Call,
  request: FinishTabletJobRequest,
  instanceId: string,
): Promise<FinishedJob> {
  const listed = request.job?.compaction ?? [];
  if (listed.length < 2) return finishTabletJob(call, request, instanceId);
  for (const compaction of listed) {
    const one = clone(FinishTabletJobRequestSchema, request);
    if (one.job) one.job.compaction = [compaction];
    await finishTabletJob(call, one, instanceId);
  }
  return {};
}

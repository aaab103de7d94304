import { clone } from '@bufbuild/protobuf';
import {
  type FinishTabletJobRequest,
  type TabletJobInfoPB,
  TabletJobInfoPBSchema,
  type TabletSchemaChangeJobPB,
} from '../../schema/gen/cloud/job_pb.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { finishCompaction } from './finish-compaction.ts';
import { finishSchemaChange } from './finish-schema-change.ts';
import type { FinishedJob } from './job-answer.ts';
import { type JobTablet, readTabletJob, tabletOfJob } from './tablet-job.ts';

/**
 * Commits, aborts or renews a compaction or a schema change that was started. A request with both is for the compaction,
 * and one with several compactions for the first.
 */
export async function finishTabletJob(
  call: Call,
  request: FinishTabletJobRequest,
  instanceId: string,
): Promise<FinishedJob> {
  const tablet = await tabletOfJob(call.txn, instanceId, request.job);
  const recorded = await readTabletJob(call.txn, tablet.fields);
  if (!recorded) throw invalid(`job not found, instance_id=${instanceId} ${describe(tablet)} err=KeyNotFound`);
  const [compaction] = tablet.job.compaction;
  return compaction
    ? finishCompaction(call, request.action, { tablet, recorded, given: compaction })
    : finishSchemaChange(call, request.action, {
        tablet,
        recorded,
        given: tablet.job.schemaChange as TabletSchemaChangeJobPB,
      });
}

function describe({ job, index }: JobTablet): string {
  const whole: TabletJobInfoPB = clone(TabletJobInfoPBSchema, job);
  whole.idx = index;
  return `tablet_id=${index.tabletId} job=${quote(TabletJobInfoPBSchema, whole)}`;
}

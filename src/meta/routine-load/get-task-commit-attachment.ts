import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  GetRLTaskCommitAttachRequest,
  GetRLTaskCommitAttachResponseSchema,
} from '../../schema/gen/cloud/routine_load_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { RoutineLoadJobStatisticPB } from '../../schema/gen/cloud/txn_attachment_pb.ts';
import type { Call } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { progressFields, readProgress, STATISTICS } from './progress.ts';

/** How far a routine load came, in the form of a task's attachment that counts for all tasks of the job so far. */
export async function getTaskCommitAttachment(
  call: Call,
  request: GetRLTaskCommitAttachRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetRLTaskCommitAttachResponseSchema>> {
  const fields = progressFields(instanceId, request);
  const progress = await readProgress(call.txn, fields);
  if (!progress) {
    const message = `progress info not found, db_id=${fields.db_id} job_id=${fields.job_id} err=KeyNotFound`;
    throw new MetaError(MetaServiceCode.ROUTINE_LOAD_PROGRESS_NOT_FOUND, message);
  }
  return { commitAttach: { progress, ...statisticsOf(progress.stat) } };
}

function statisticsOf(stat: RoutineLoadJobStatisticPB | undefined) {
  return stat && Object.fromEntries(STATISTICS.map((name) => [name, stat[name]]));
}

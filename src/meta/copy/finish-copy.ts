import { keys } from '../../keys/key-table.ts';
import { readRecord, removeRecord, writeRecord } from '../../records/message-record.ts';
import {
  FinishCopyRequest_Action as Action,
  type FinishCopyRequest,
  CopyJobPB_JobStatus as JobStatus,
} from '../../schema/gen/cloud/copy_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { failed, MetaError } from '../meta-error.ts';
import { fileFields, type StageOfTable } from './copy-file.ts';

/**
 * Ends a copy job: committed, it stays as finished and keeps its files claimed, so that they are not loaded again;
 * aborted or removed, it goes with its claims. A job in whichever state can be ended so, also twice.
 */
export async function finishCopy(
  call: Call,
  request: FinishCopyRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  const { stageId: stage_id, tableId: table_id, copyId: copy_id, groupId: group_id } = request;
  const place: StageOfTable = { instance_id: instanceId, stage_id, table_id };
  const fields = { ...place, copy_id, group_id };
  const job = await readRecord(call.txn, keys.copyJob, fields, { editable: true });
  if (!job) throw new MetaError(MetaServiceCode.COPY_JOB_NOT_FOUND, 'copy job does not found');
  switch (request.action) {
    case Action.COMMIT:
      job.jobStatus = JobStatus.FINISH;
      if (isSet(request, 'finishTimeMs')) job.finishTimeMs = request.finishTimeMs;
      writeRecord(call.txn, keys.copyJob, fields, job);
      return {};
    case Action.ABORT:
    case Action.REMOVE:
      removeRecord(call.txn, keys.copyJob, fields);
      for (const file of job.objectFiles) removeRecord(call.txn, keys.copyFile, fileFields(place, file));
      return {};
    default:
      throw failed('Unhandled action');
  }
}

import type { MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { readRecord } from '../../records/message-record.ts';
import type { GetCopyJobRequest, GetCopyJobResponseSchema } from '../../schema/gen/cloud/copy_pb.ts';
import type { Call } from '../call.ts';

/** A copy job, or nothing when there is none. */
export async function getCopyJob(
  call: Call,
  request: GetCopyJobRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetCopyJobResponseSchema>> {
  const { stageId: stage_id, tableId: table_id, copyId: copy_id, groupId: group_id } = request;
  const fields = { instance_id: instanceId, stage_id, table_id, copy_id, group_id };
  const copyJob = await readRecord(call.txn, keys.copyJob, fields);
  return copyJob ? { copyJob } : {};
}

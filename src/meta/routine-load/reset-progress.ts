import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { removeRecord } from '../../records/message-record.ts';
import type { ResetRLProgressRequest, ResetRLProgressResponseSchema } from '../../schema/gen/cloud/routine_load_pb.ts';
import { RoutineLoadProgressPBSchema } from '../../schema/gen/cloud/txn_attachment_pb.ts';
import type { Call } from '../call.ts';
import { progressFields, readProgress, writeProgress } from './progress.ts';

/** Sets the offsets that the request names and forgets what the job counted; without offsets, forgets all of its progress. */
export async function resetProgress(
  call: Call,
  request: ResetRLProgressRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof ResetRLProgressResponseSchema>> {
  const fields = progressFields(instanceId, request);
  if (Object.keys(request.partitionToOffset).length === 0) {
    removeRecord(call.txn, keys.jobRoutineLoadProgress, fields);
    return {};
  }
  const before = await readProgress(call.txn, fields);
  const partitionToOffset = { ...before?.partitionToOffset, ...request.partitionToOffset };
  writeProgress(call.txn, fields, create(RoutineLoadProgressPBSchema, { partitionToOffset }));
  return {};
}

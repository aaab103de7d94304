import type { MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { scanRecords } from '../../records/scan-records.ts';
import type { GetCopyFilesRequest, GetCopyFilesResponseSchema, ObjectFilePB } from '../../schema/gen/cloud/copy_pb.ts';
import type { Call } from '../call.ts';

/** The files of all copy jobs that read from a stage into a table, job by job, whether these load or have finished. */
export async function getCopyFiles(
  call: Call,
  request: GetCopyFilesRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetCopyFilesResponseSchema>> {
  const leading = { instance_id: instanceId, stage_id: request.stageId, table_id: request.tableId };
  const objectFiles: ObjectFilePB[] = [];
  for await (const { message } of scanRecords(call.txn, keys.copyJob, leading, { snapshot: true })) {
    for (const file of message.objectFiles) objectFiles.push(file);
  }
  return { objectFiles };
}

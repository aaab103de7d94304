import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  FilterCopyFilesRequest,
  FilterCopyFilesResponseSchema,
  ObjectFilePB,
} from '../../schema/gen/cloud/copy_pb.ts';
import type { Call } from '../call.ts';
import { type StageOfTable, unclaimedFiles } from './copy-file.ts';

/** Those of the given files that no copy job has claimed for the table. What is claimed later, begin_copy finds out. */
export async function filterCopyFiles(
  call: Call,
  request: FilterCopyFilesRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof FilterCopyFilesResponseSchema>> {
  const place: StageOfTable = { instance_id: instanceId, stage_id: request.stageId, table_id: request.tableId };
  const objectFiles: ObjectFilePB[] = [];
  for await (const file of unclaimedFiles(call.txn, place, request.objectFiles, { snapshot: true })) {
    objectFiles.push(file);
  }
  return { objectFiles };
}

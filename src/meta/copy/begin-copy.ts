import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import {
  type BeginCopyRequest,
  type BeginCopyResponseSchema,
  CopyFilePBSchema,
  CopyJobPBSchema,
  CopyJobPB_JobStatus as JobStatus,
  type ObjectFilePB,
  ObjectFilePBSchema,
} from '../../schema/gen/cloud/copy_pb.ts';
import type { Call } from '../call.ts';
import { fileFields, type StageOfTable, unclaimedFiles } from './copy-file.ts';

/**
 * Begins a copy job with those of the given files that no job has claimed for the table, as many as the limits allow, and
 * answers which they are. Without any there is no job. One of the same copy and group is replaced; its files stay claimed.
 */
export async function beginCopy(
  call: Call,
  request: BeginCopyRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof BeginCopyResponseSchema>> {
  const { stageId: stage_id, tableId: table_id, copyId, groupId } = request;
  const place: StageOfTable = { instance_id: instanceId, stage_id, table_id };
  const objectFiles = await filesToCopy(call, request, place);
  if (objectFiles.length === 0) return {};
  const job = create(CopyJobPBSchema, {
    stageType: request.stageType,
    jobStatus: JobStatus.LOADING,
    startTimeMs: request.startTimeMs,
    timeoutTimeMs: request.timeoutTimeMs,
    objectFiles,
  });
  writeRecord(call.txn, keys.copyJob, { ...place, copy_id: copyId, group_id: groupId }, job);
  const claim = create(CopyFilePBSchema, { copyId, groupId });
  for (const file of objectFiles) writeRecord(call.txn, keys.copyFile, fileFields(place, file), claim);
  return { filteredObjectFiles: objectFiles };
}

/** The unclaimed files up to the first one that goes beyond a limit. The very first is taken in any case, so that a copy gets on. */
async function filesToCopy(call: Call, request: BeginCopyRequest, place: StageOfTable): Promise<ObjectFilePB[]> {
  const taken: ObjectFilePB[] = [];
  let size = 0n;
  let metaSize = 0n;
  for await (const file of unclaimedFiles(call.txn, place, request.objectFiles)) {
    size += file.size;
    metaSize += BigInt(toBinary(ObjectFilePBSchema, file).length);
    const beyond =
      exceeds(BigInt(taken.length + 1), request.fileNumLimit) ||
      exceeds(size, request.fileSizeLimit) ||
      exceeds(metaSize, request.fileMetaSizeLimit);
    if (beyond && taken.length > 0) break;
    taken.push(file);
  }
  return taken;
}

/** A limit of 0 or below is none. */
function exceeds(amount: bigint, limit: bigint): boolean {
  return limit > 0n && amount > limit;
}

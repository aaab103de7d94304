import { create } from '@bufbuild/protobuf';
import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import {
  type RLTaskTxnCommitAttachmentPB,
  type RoutineLoadJobStatisticPB,
  RoutineLoadJobStatisticPBSchema,
  type RoutineLoadProgressPB,
  RoutineLoadProgressPBSchema,
} from '../../schema/gen/cloud/txn_attachment_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { invalid } from '../meta-error.ts';

/** What each task of a job counts, and the progress of the job adds up. */
export const STATISTICS = [
  'filteredRows',
  'loadedRows',
  'unselectedRows',
  'receivedBytes',
  'taskExecutionTimeMs',
] as const;

/** Where the progress of a job stands. */
export interface ProgressFields {
  readonly instance_id: string;
  readonly db_id: bigint;
  readonly job_id: bigint;
}

/** The key of the job that a request names. Throws INVALID_ARGUMENT when it names none. */
export function progressFields(
  instance_id: string,
  request: { readonly $typeName: string; readonly dbId: bigint; readonly jobId: bigint },
): ProgressFields {
  if (!isSet(request, 'dbId') || !isSet(request, 'jobId')) throw invalid('empty db_id or job_id');
  return { instance_id, db_id: request.dbId, job_id: request.jobId };
}

/** How far a job came, or undefined when nothing is known of it. */
export function readProgress(txn: Transaction, fields: ProgressFields): Awaitable<RoutineLoadProgressPB | undefined> {
  return readRecord(txn, keys.jobRoutineLoadProgress, fields);
}

export function writeProgress(txn: Transaction, fields: ProgressFields, progress: RoutineLoadProgressPB): void {
  writeRecord(txn, keys.jobRoutineLoadProgress, fields, progress);
}

/** Adds a task to the progress of its job: the offsets that it names count from now on, be they smaller or larger, and what it counted is added. */
export async function addTask(
  txn: Transaction,
  fields: ProgressFields,
  task: RLTaskTxnCommitAttachmentPB,
): Promise<void> {
  const before = await readProgress(txn, fields);
  const progress = create(RoutineLoadProgressPBSchema, {
    partitionToOffset: { ...before?.partitionToOffset, ...task.progress?.partitionToOffset },
    stat: sumOf(before?.stat, task),
  });
  writeProgress(txn, fields, progress);
}

function sumOf(
  before: RoutineLoadJobStatisticPB | undefined,
  task: RLTaskTxnCommitAttachmentPB,
): RoutineLoadJobStatisticPB {
  const sum = create(RoutineLoadJobStatisticPBSchema);
  for (const name of STATISTICS) sum[name] = BigInt.asIntN(64, (before?.[name] ?? 0n) + task[name]);
  return sum;
}

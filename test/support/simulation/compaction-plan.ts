import type { Message, MessageInitShape } from '@bufbuild/protobuf';
import type {
  TabletCompactionJobPBSchema,
  TabletCompactionJobPB_CompactionType as Type,
} from '../../../src/schema/gen/cloud/job_pb.ts';
import type { RowsetMetaCloudPB } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import type { MergedRows } from './merged-rows.ts';
import type { JobOutput } from './model.ts';
import { numberOfRows } from './rows.ts';
import { type Sizes, sumOf } from './sizes.ts';
import type { UpdateLock } from './update-lock.ts';

/** What is to be compacted: rowsets next to each other, and where the cumulative point will then be. */
export interface Plan {
  readonly type: Type;
  readonly inputs: readonly RowsetMetaCloudPB[];
  readonly output_point: bigint;
}

export type Compaction = Exclude<MessageInitShape<typeof TabletCompactionJobPBSchema>, Message>;

export function outputOf(
  { inputs, output_point }: Plan,
  { rowset_id, txn_id }: JobOutput,
  merged: MergedRows | undefined,
): Compaction {
  const sum = sumOf(inputs);
  const output = sizesOf(inputs, merged);
  return {
    outputCumulativePoint: output_point,
    numInputRowsets: sum.numRowsets,
    numInputSegments: sum.numSegments,
    numInputRows: sum.numRows,
    sizeInputRowsets: sum.dataSize,
    numOutputRowsets: 1n,
    numOutputSegments: output.numSegments,
    numOutputRows: output.numRows,
    sizeOutputRowsets: output.dataSize,
    outputVersions: [inputs.at(-1)?.endVersion ?? 0n],
    outputRowsetIds: [rowset_id],
    txnId: [txn_id],
  };
}

/** The sizes of the output: of what the inputs have in them, or of what is left of that when it is merged. */
export function sizesOf(inputs: readonly RowsetMetaCloudPB[], merged: MergedRows | undefined): Sizes {
  const { dataSize, numRows, numSegments } = sumOf(inputs);
  const rows = merged === undefined ? numRows : BigInt(numberOfRows(merged.segments));
  return { dataSize, numRows: rows, numRowsets: 1n, numSegments: numSegments > 0n ? 1n : 0n };
}

/** What deletes by a condition waits for a base compaction, with all that it has to delete. */
export function upToDelete(rowsets: readonly RowsetMetaCloudPB[]): RowsetMetaCloudPB[] {
  const end = rowsets.findIndex(({ deletePredicate }) => deletePredicate !== undefined);
  return rowsets.slice(0, end < 0 ? undefined : end);
}

export function initiatorOf(lock: UpdateLock | undefined): Compaction {
  return lock === undefined ? {} : { deleteBitmapLockInitiator: lock.initiator };
}

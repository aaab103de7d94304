import { create } from '@bufbuild/protobuf';
import type { FieldsToEncode } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import { sizeOfWriteBytes, writeBytes } from '../../records/bytes-record.ts';
import { writeRecord } from '../../records/message-record.ts';
import {
  type PendingDeleteBitmapPB,
  PendingDeleteBitmapPBSchema,
  type UpdateDeleteBitmapRequest,
} from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import type { CallInSteps } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { removePendingBitmaps } from './pending-bitmaps.ts';
import { mustHoldUpdateLock } from './update-lock.ts';

/** How much bitmaps take of a transaction, in bytes: room is left for the lists of pending ones. */
const STEP_BYTES = 9_000_000;

interface Bitmap {
  readonly fields: FieldsToEncode<typeof keys.metaDeleteBitmap.shape>;
  /** A serialized roaring bitmap. */
  readonly bytes: Uint8Array;
}

/**
 * Stores delete bitmaps of a tablet's segments, in place of what is there; an empty one is not stored. It removes the
 * bitmaps that a load left pending on the tablet, and a load lists its own as pending until it commits. With `unlock`
 * neither the lock nor what is pending is looked at.
 *
 * More than a transaction takes is written in several, each under the lock. If the lock is lost in between, what was
 * written stays. It is never removed here: the same request may have been sent twice, the other one may have been served
 * whole, and its bitmaps be in use. Those of a load that fails are pending, those of a job's belong to a rowset that never
 * becomes visible. Throws LOCK_EXPIRED; INVALID_ARGUMENT for lists that don't match or a bitmap that is too large.
 */
export async function updateDeleteBitmap(
  call: CallInSteps,
  request: UpdateDeleteBitmapRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  const bitmaps = givenBitmaps(request, instanceId);
  // Only loads lock under an id above 0, that of their transaction.
  const pending = request.lockId > 0n ? listOf(bitmaps) : undefined;
  for (const [position, step] of inSteps(bitmaps).entries()) {
    await writeStep(call, request, instanceId, { bitmaps: step, first: position === 0, pending });
  }
  return {};
}

function givenBitmaps(request: UpdateDeleteBitmapRequest, instance_id: string): Bitmap[] {
  const { tabletId: tablet_id, rowsetIds, segmentIds, versions, segmentDeleteBitmaps } = request;
  const [rowsets, ...others] = [rowsetIds, segmentIds, versions, segmentDeleteBitmaps].map(({ length }) => length);
  if (others.some((size) => size !== rowsets)) {
    const [segments, versionSize, bitmaps] = others;
    const sizes = `rowset_size=${rowsets} segment_size=${segments} version_size=${versionSize} bitmap_size=${bitmaps}`;
    throw invalid(`rowset, segment, version and bitmap size not match. ${sizes}`);
  }
  return segmentDeleteBitmaps.map((bytes, i) => {
    const [rowset_id = '', version = 0n, segment_id = 0] = [rowsetIds[i], versions[i], segmentIds[i]];
    return { fields: { instance_id, tablet_id, rowset_id, version, segment_id }, bytes };
  });
}

/** What a load leaves for the next update of the tablet to remove, in case that it does not commit. */
function listOf(bitmaps: readonly Bitmap[]): PendingDeleteBitmapPB {
  const deleteBitmapKeys = bitmaps.map(({ fields }) => keys.metaDeleteBitmap.encode(fields));
  return create(PendingDeleteBitmapPBSchema, { deleteBitmapKeys });
}

/** Cuts a request into what fits into transactions; one that has no bitmaps is one step too. */
function inSteps(bitmaps: readonly Bitmap[]): Bitmap[][] {
  let step: Bitmap[] = [];
  const steps = [step];
  let room = STEP_BYTES;
  for (const bitmap of bitmaps) {
    const size = sizeOfWriteBytes(keys.metaDeleteBitmap, bitmap.fields, bitmap.bytes);
    if (size > STEP_BYTES) throw invalid(`a delete bitmap takes ${size} bytes; at most ${STEP_BYTES} are allowed`);
    if (size > room) {
      step = [];
      steps.push(step);
      room = STEP_BYTES;
    }
    step.push(bitmap);
    room -= size;
  }
  return steps;
}

interface Step {
  readonly bitmaps: readonly Bitmap[];
  /** Whether it is the one that sees to what is pending. */
  readonly first: boolean;
  readonly pending: PendingDeleteBitmapPB | undefined;
}

function writeStep(
  call: CallInSteps,
  request: UpdateDeleteBitmapRequest,
  instance_id: string,
  { bitmaps, first, pending }: Step,
): Promise<void> {
  const tablet = { instance_id, tablet_id: request.tabletId };
  return call.transact(async ({ txn }) => {
    if (!request.unlock) await mustHoldUpdateLock(txn, instance_id, request);
    if (!request.unlock && first) await removePendingBitmaps(txn, instance_id, request.tabletId);
    if (pending && first) writeRecord(txn, keys.metaPendingDeleteBitmap, tablet, pending);
    for (const { fields, bytes } of bitmaps) writeBytes(txn, keys.metaDeleteBitmap, fields, bytes);
  });
}

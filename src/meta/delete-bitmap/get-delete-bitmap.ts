import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetDeleteBitmapRequest, GetDeleteBitmapResponseSchema } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import type { Call, CallInSteps } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { ANSWER_BYTES } from './bitmap-room.ts';
import { readCompactionStates } from './compaction-state.ts';
import { type FoundBitmap, readBitmaps, type TabletPlace } from './read-bitmaps.ts';
import { givenVersions, type RowsetVersions } from './rowset-versions.ts';

/**
 * The delete bitmaps of a tablet's rowsets: by the order of the rowsets in the request, then by version and segment. With
 * an index of the tablet, the caller's compaction state must be that of the tablet: compaction removes bitmaps of the
 * rowsets that it replaces. Throws INVALID_ARGUMENT for lists that don't match or an answer that is too large,
 * KV_TXN_CONFLICT where others' answers leave no room for it, ROWSETS_EXPIRED, TABLET_NOT_FOUND.
 */
export async function getDeleteBitmap(
  call: CallInSteps,
  request: GetDeleteBitmapRequest,
  instance_id: string,
): Promise<MessageInitShape<typeof GetDeleteBitmapResponseSchema>> {
  const { idx, tabletId: tablet_id } = request;
  const bitmaps = await bitmapsInRoom(call, { instance_id, tablet_id }, givenVersions(request));
  // Looked at last: a compaction that came in between has removed bitmaps only after it changed the state.
  if (idx) await call.transact((last) => checkCompactionState(last, request, instance_id, idx));
  return {
    rowsetIds: bitmaps.map(({ rowset_id }) => rowset_id),
    versions: bitmaps.map(({ version }) => version),
    segmentIds: bitmaps.map(({ segment_id }) => segment_id),
    segmentDeleteBitmaps: bitmaps.map(({ bytes }) => bytes),
  };
}

/**
 * Reads bitmaps into room for a small answer, which nearly all are. Where it gets large and has to wait for room, it lets go
 * of what was read by then, and begins again.
 */
async function bitmapsInRoom(
  call: CallInSteps,
  tablet: TabletPlace,
  rowsets: readonly RowsetVersions[],
): Promise<readonly FoundBitmap[]> {
  for (const size of ['small', 'large'] as const) {
    const place = await call.bitmapRoom.enter(size);
    call.untilSent(() => place.leave());
    const found = await readBitmaps(call, tablet, rowsets, (size_bytes) => place.fits(size_bytes));
    if (found !== undefined) {
      place.shrink(found.size_bytes);
      return found.bitmaps;
    }
    place.leave();
  }
  throw invalid(
    `the delete bitmaps take more than ${ANSWER_BYTES.large} bytes; ask for fewer rowsets or versions at a time`,
  );
}

async function checkCompactionState(
  { txn }: Call,
  request: GetDeleteBitmapRequest,
  instanceId: string,
  index: TabletIndexPB,
): Promise<void> {
  const [state] = await readCompactionStates(txn, instanceId, [index], { snapshot: true });
  const same =
    state?.baseCompactionCnt === request.baseCompactionCnt &&
    state.cumulativeCompactionCnt === request.cumulativeCompactionCnt &&
    state.cumulativePoint === request.cumulativePoint;
  if (!same) throw new MetaError(MetaServiceCode.ROWSETS_EXPIRED, 'rowsets are expired');
}

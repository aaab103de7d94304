import { setImmediate } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { scanBytes } from '../../records/bytes-record.ts';
import type { GetDeleteBitmapRequest, GetDeleteBitmapResponseSchema } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import type { Call, CallInSteps } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { readCompactionStates } from './compaction-state.ts';
import { givenVersions, type RowsetVersions, rangeOfVersions } from './rowset-versions.ts';

/** How much one transaction reads before another goes on: none may take long. */
const STEP_BYTES = 16 * 1024 * 1024;
const STEP_ROWSETS = 2_000;

/** The largest answer, in bytes before they are written as JSON. A request can name one large rowset many times. */
const MOST_BYTES = 256 * 1024 * 1024;

/** What a bitmap adds to an answer besides its bytes and the id of its rowset. */
const ENTRY_BYTES = 64;

/**
 * The delete bitmaps of a tablet's rowsets: by the order of the rowsets in the request, then by version and segment. With
 * an index of the tablet, the caller's compaction state must be that of the tablet: compaction removes bitmaps of the
 * rowsets that it replaces. Throws INVALID_ARGUMENT for lists that don't match or an answer that is too large,
 * ROWSETS_EXPIRED, TABLET_NOT_FOUND.
 */
export async function getDeleteBitmap(
  call: CallInSteps,
  request: GetDeleteBitmapRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetDeleteBitmapResponseSchema>> {
  const rowsets = givenVersions(request);
  const bitmaps: FoundBitmap[] = [];
  let [next, size_bytes] = [0, 0];
  while (next < rowsets.length) {
    // A request may take seconds. Others get their turn in between.
    if (next > 0) await setImmediate();
    const ahead = rowsets.slice(next, next + STEP_ROWSETS);
    const most_bytes = MOST_BYTES - size_bytes;
    const step = await call.transact(({ txn }) => readStep(txn, instanceId, request.tabletId, ahead, most_bytes));
    for (const bitmap of step.bitmaps) bitmaps.push(bitmap);
    next += step.rowsets;
    size_bytes += step.size_bytes;
  }
  // Looked at last: a compaction that came in between has removed bitmaps only after it changed the state.
  const { idx } = request;
  if (idx) await call.transact((last) => checkCompactionState(last, request, instanceId, idx));
  return {
    rowsetIds: bitmaps.map(({ rowset_id }) => rowset_id),
    versions: bitmaps.map(({ version }) => version),
    segmentIds: bitmaps.map(({ segment_id }) => segment_id),
    segmentDeleteBitmaps: bitmaps.map(({ bytes }) => bytes),
  };
}

interface FoundBitmap {
  readonly rowset_id: string;
  readonly version: bigint;
  readonly segment_id: number;
  readonly bytes: Uint8Array;
}

interface StepOfBitmaps {
  readonly bitmaps: readonly FoundBitmap[];
  /** How many of the rowsets were looked at. */
  readonly rowsets: number;
  /** Of the bitmaps, as an answer. */
  readonly size_bytes: number;
}

/** Reads the bitmaps of rowsets, as many of these as one transaction should. Throws when they take more than `most_bytes`. */
async function readStep(
  txn: Transaction,
  instanceId: string,
  tabletId: bigint,
  rowsets: readonly RowsetVersions[],
  most_bytes: number,
): Promise<StepOfBitmaps> {
  const bitmaps: FoundBitmap[] = [];
  let [done, size_bytes] = [0, 0];
  for (const rowset of rowsets) {
    if (size_bytes >= STEP_BYTES) break;
    done++;
    const range = rangeOfVersions(instanceId, tabletId, rowset);
    if (!range) continue;
    for await (const { fields, value } of scanBytes(txn, keys.metaDeleteBitmap, range, { snapshot: true })) {
      size_bytes += value.length + rowset.rowset_id.length + ENTRY_BYTES;
      if (size_bytes > most_bytes) throw tooLarge();
      const segment_id = Number(BigInt.asUintN(32, fields.segment_id));
      bitmaps.push({ rowset_id: rowset.rowset_id, version: fields.version, segment_id, bytes: value });
    }
  }
  return { bitmaps, rowsets: done, size_bytes };
}

function tooLarge(): MetaError {
  return invalid(`the delete bitmaps take more than ${MOST_BYTES} bytes; ask for fewer rowsets or versions at a time`);
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

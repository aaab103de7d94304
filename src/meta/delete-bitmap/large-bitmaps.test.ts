import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBitmaps, TABLET, type TestBitmaps } from '../../../test/support/bitmaps.ts';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { collectRange } from '../../kv/collect-range.ts';
import {
  type UpdateDeleteBitmapRequest,
  UpdateDeleteBitmapRequestSchema,
} from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import type { Call, CallInSteps } from '../call.ts';
import { updateDeleteBitmap } from './update-delete-bitmap.ts';

let bitmaps: TestBitmaps;
beforeEach(async () => {
  bitmaps = await openBitmaps();
});
afterEach(() => bitmaps.domain.dispose());

function large(lockId: bigint, count: number, bytes: number, fill = 1): UpdateDeleteBitmapRequest {
  const positions = Array.from({ length: count }, (_, i) => i);
  return create(UpdateDeleteBitmapRequestSchema, {
    ...{ ...TABLET, lockId, initiator: 1n },
    rowsetIds: positions.map(() => 'r'),
    segmentIds: positions,
    versions: positions.map(() => 2n),
    segmentDeleteBitmaps: positions.map(() => Buffer.alloc(bytes, fill)),
  });
}

async function stored(): Promise<number> {
  const { begin, end } = keys.metaDeleteBitmap.range({ instance_id: 'i', tablet_id: 100n, rowset_id: 'r' });
  return bitmaps.domain.store.transact(async (txn) => (await collectRange(txn, begin, end)).length);
}

/** Runs an update, and something else between its transactions. */
async function interrupted(request: UpdateDeleteBitmapRequest, between: (done: number) => Promise<unknown>) {
  let done = 0;
  const transact: CallInSteps['transact'] = async (work) => {
    const result = await bitmaps.domain.store.transact((txn) => work({ txn } as Call));
    await between(++done);
    return result;
  };
  return updateDeleteBitmap({ transact } as CallInSteps, request, 'i');
}

test('an update larger than a transaction is stored whole, and read back whole', async () => {
  const request = large(5n, 100, 300_000);
  expect(await bitmaps.domain.status(rpc.update_delete_bitmap, request)).toBe('OK');
  const wanted = { ...TABLET, rowsetIds: ['r'], beginVersions: [0n], endVersions: [9n] };
  const answer = await bitmaps.domain.call(rpc.get_delete_bitmap, wanted);
  expect(answer.segmentIds).toEqual(request.segmentIds);
  expect(answer.segmentDeleteBitmaps.every((bitmap) => Buffer.alloc(300_000, 1).equals(bitmap))).toBe(true);
  await bitmaps.domain.status(rpc.update_delete_bitmap, large(5n, 0, 0));
  expect(await stored(), 'all of it was pending').toBe(0);
});

test('a load that loses the lock in between is refused, and leaves nothing that is not pending', async () => {
  const taken = interrupted(large(5n, 100, 300_000), async (done) => done === 2 && bitmaps.lock(6n));
  await expect(taken).rejects.toThrow('lock id not match, locked by lock_id=6');
  expect(await bitmaps.domain.status(rpc.update_delete_bitmap, large(6n, 0, 0))).toBe('OK');
  expect(await stored()).toBe(0);
});

test('an update that loses the lock takes nothing from the same one, sent again and served whole meanwhile', async () => {
  await bitmaps.lock(-1n);
  const request = large(-1n, 100, 300_000);
  const taken = interrupted(request, async (done) => {
    if (done !== 2) return;
    expect(await bitmaps.domain.status(rpc.update_delete_bitmap, request)).toBe('OK');
    await bitmaps.lock(6n);
  });
  await expect(taken).rejects.toThrow('lock id not match');
  const wanted = { ...TABLET, rowsetIds: ['r'], beginVersions: [0n], endVersions: [9n] };
  expect((await bitmaps.domain.call(rpc.get_delete_bitmap, wanted)).segmentIds).toEqual(request.segmentIds);
});

test('a load that lost the lock leaves the bitmaps of the load that took it', async () => {
  const taken = interrupted(large(5n, 100, 300_000), async (done) => {
    if (done !== 2) return;
    await bitmaps.lock(6n);
    expect(await bitmaps.domain.status(rpc.update_delete_bitmap, large(6n, 7, 10, 2))).toBe('OK');
  });
  await expect(taken).rejects.toThrow('lock id not match');
  expect(await stored()).toBe(7);
});

test('a bitmap that no transaction takes is refused, and nothing before it is written', async () => {
  const before = await bitmaps.domain.version();
  const request = large(5n, 40, 300_000);
  request.segmentDeleteBitmaps[39] = Buffer.alloc(9_000_000);
  const status = await bitmaps.domain.status(rpc.update_delete_bitmap, request);
  expect(status).toMatch(/^INVALID_ARGUMENT a delete bitmap takes \d+ bytes; at most 9000000 are allowed$/);
  expect(await bitmaps.domain.version()).toBe(before);
});

test('a load whose list of what is pending takes more than a value is refused, and nothing is written', async () => {
  const before = await bitmaps.domain.version();
  expect(await bitmaps.domain.status(rpc.update_delete_bitmap, large(5n, 3_000, 4_000))).toMatch(/^INVALID_ARGUMENT/);
  expect(await bitmaps.domain.version()).toBe(before);
  await bitmaps.lock(-1n);
  expect(await bitmaps.domain.status(rpc.update_delete_bitmap, large(-1n, 3_000, 4_000))).toBe('OK');
  expect(await stored()).toBe(3_000);
});

test('an answer that would be too large is refused', async () => {
  await bitmaps.domain.call(rpc.update_delete_bitmap, large(5n, 10, 800_000));
  const times = (count: number) => ({
    rowsetIds: Array.from({ length: count }, () => 'r'),
    beginVersions: Array.from({ length: count }, () => 0n),
    endVersions: Array.from({ length: count }, () => 9n),
  });
  expect((await bitmaps.domain.call(rpc.get_delete_bitmap, { ...TABLET, ...times(5) })).rowsetIds.length).toBe(50);
  const status = await bitmaps.domain.status(rpc.get_delete_bitmap, { ...TABLET, ...times(40) });
  expect(status).toMatch(/^INVALID_ARGUMENT the delete bitmaps take more than 268435456 bytes/);
});

test('more rowsets than one transaction looks at are looked at in several', async () => {
  await bitmaps.domain.call(rpc.update_delete_bitmap, large(5n, 1, 1));
  const rowsetIds = ['r', ...Array.from({ length: 10_000 }, (_, i) => `rowset${i}`), 'r'];
  const versions = rowsetIds.map(() => 2n);
  const wanted = { ...TABLET, rowsetIds, beginVersions: versions, endVersions: versions };
  expect((await bitmaps.domain.call(rpc.get_delete_bitmap, wanted)).rowsetIds).toEqual(['r', 'r']);
});

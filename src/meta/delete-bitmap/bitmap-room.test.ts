import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BitmapRoom } from './bitmap-room.ts';

const MIB = 1024 * 1024;
/** Room for two large answers, and ten small ones. */
const room = () => new BitmapRoom({ max_delete_bitmap_bytes: 684 * MIB });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Whether a promise has been settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await vi.advanceTimersByTimeAsync(0);
  return settled;
}

describe('the room for delete bitmaps', () => {
  test('is given to those who wait for it in their order, as others leave', async () => {
    const bitmaps = room();
    const [first, second] = await Promise.all([bitmaps.enter('large'), bitmaps.enter('large')]);
    const third = bitmaps.enter('large');
    const fourth = bitmaps.enter('large');
    expect(await isSettled(third)).toBe(false);
    first.leave();
    first.leave();
    expect(await isSettled(third)).toBe(true);
    expect(await isSettled(fourth)).toBe(false);
    second.leave();
    expect(await isSettled(fourth)).toBe(true);
    expect(bitmaps.used).toBe(512 * MIB);
    (await third).leave();
    (await fourth).leave();
    expect(bitmaps.used).toBe(0);
  });

  test('takes back what an answer turns out not to need', async () => {
    const bitmaps = room();
    const [first, second] = await Promise.all([bitmaps.enter('large'), bitmaps.enter('large')]);
    const third = bitmaps.enter('large');
    first.shrink(2 * MIB);
    expect(await isSettled(third)).toBe(false);
    second.shrink(0);
    expect(await isSettled(third)).toBe(true);
    first.shrink(3 * MIB);
    expect(bitmaps.used).toBe(258 * MIB);
  });

  test('is refused with a conflict after some seconds, and those behind are let in', async () => {
    const bitmaps = room();
    await Promise.all([bitmaps.enter('large'), bitmaps.enter('large')]);
    const third = bitmaps.enter('large');
    third.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(7_999);
    expect(await isSettled(third)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await expect(third).rejects.toThrow(/max_delete_bitmap_bytes; try again$/);
    expect(bitmaps.used).toBe(512 * MIB);
  });

  test('lets small answers in while large ones wait', async () => {
    const bitmaps = room();
    await Promise.all([bitmaps.enter('large'), bitmaps.enter('large')]);
    expect(await isSettled(bitmaps.enter('large'))).toBe(false);
    expect(await isSettled(bitmaps.enter('small'))).toBe(true);
  });
});

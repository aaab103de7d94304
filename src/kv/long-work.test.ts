import { expect, test } from 'vitest';
import { LongWork } from './long-work.ts';

test('a pause is due after some milliseconds, and lets others have their turn', async () => {
  const work = new LongWork();
  expect(work.isDue).toBe(false);
  const until_ms = performance.now() + 12;
  while (performance.now() < until_ms);
  expect(work.isDue).toBe(true);
  let turns = 0;
  setImmediate(() => turns++);
  await work.pause();
  expect(turns).toBe(1);
  expect(work.isDue).toBe(false);
});

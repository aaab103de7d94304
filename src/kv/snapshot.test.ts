import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Awaitable } from '../awaitable.ts';
import { readAll } from './snapshot.ts';

test('reads that are there at once and those that come later are given in their order', async () => {
  const read = (key: number): Awaitable<number> => (key % 2 === 0 ? key : turn(key));
  expect(await readAll([1, 2, 3, 4], read)).toEqual([1, 2, 3, 4]);
  expect(await readAll([2, 4], read)).toEqual([2, 4]);
});

test('a read that has begun before another one is refused may fail unheard', async () => {
  const unheard: unknown[] = [];
  const note = (reason: unknown) => unheard.push(reason);
  // Whoever runs the tests listens too, and would count it as a failure of its own.
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  onTestFinished(() => {
    process.removeListener('unhandledRejection', note);
    for (const other of others) process.on('unhandledRejection', other);
  });
  const read = (key: string): Awaitable<string> => {
    if (key === 'refused') throw new Error('refused at once');
    return turn().then(() => Promise.reject(new Error('cancelled meanwhile')));
  };
  expect(() => readAll(['begun', 'refused'], read)).toThrow('refused at once');
  await turn();
  await turn();
  expect(unheard).toEqual([]);
});

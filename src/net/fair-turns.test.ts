import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FairTurns } from './fair-turns.ts';

test('so many pieces run at a time, and those who wait are let in by turns', async () => {
  const turns = new FairTurns(2);
  const begun: string[] = [];
  let running = 0;
  let most = 0;
  const work = (name: string) => async () => {
    begun.push(name);
    most = Math.max(most, ++running);
    await turn();
    running--;
    return name;
  };
  const names = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1'];
  const done = await Promise.all(names.map((name) => turns.run(name.charAt(0), work(name))));
  expect(done).toEqual(names);
  expect(begun).toEqual(['a1', 'a2', 'a3', 'b1', 'c1', 'a4', 'b2', 'a5']);
  expect(most).toBe(2);
});

test('work that fails lets the next one in', async () => {
  const turns = new FairTurns(1);
  const failing = () => Promise.reject(new Error('failed'));
  const outcomes = await Promise.allSettled([
    turns.run('a', failing),
    turns.run('a', () => {
      throw new Error('thrown');
    }),
    turns.run('b', () => 'done'),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(await turns.run('c', () => 'next')).toBe('next');
});

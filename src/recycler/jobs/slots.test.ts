import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('so many work at a time, in the order in which they came, and one that fails makes room', async () => {
  const slots = new Slots(2);
  const began: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const works = [0, 1, 2, 3].map((n) =>
    slots.run(
      () =>
        new Promise<number>((resolve, reject) => {
          began.push(n);
          ends[n] = (error) => (error === undefined ? resolve(n) : reject(error));
        }),
    ),
  );
  const failed = expect(works[0]).rejects.toThrow('it failed');
  await Promise.resolve();
  expect(began).toEqual([0, 1]);
  ends[0]?.(new Error('it failed'));
  await failed;
  expect(began).toEqual([0, 1, 2]);
  ends[1]?.();
  await works[1];
  expect(began).toEqual([0, 1, 2, 3]);
  for (const end of ends) end();
  expect(await Promise.all(works.slice(1))).toEqual([1, 2, 3]);
});

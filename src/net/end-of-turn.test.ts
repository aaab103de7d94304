import { expect, test } from 'vitest';
import { atEndOfTurn } from './end-of-turn.ts';

test('what is to be done at the end of a turn is done in its order, after all that has come before', async () => {
  const done: string[] = [];
  await new Promise<void>((resolve) => {
    atEndOfTurn(() => done.push('first'));
    atEndOfTurn(() => {
      done.push('second');
      atEndOfTurn(() => {
        done.push('of the next turn');
        resolve();
      });
    });
    process.nextTick(() => done.push('before'));
  });
  expect(done).toEqual(['before', 'first', 'second', 'of the next turn']);
});

test('what throws keeps nothing else from being done', async () => {
  const thrown = new Error('a defect');
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const caught = new Promise((resolve) => process.once('uncaughtException', resolve));
  try {
    const others = Promise.all([
      new Promise<void>((resolve) => atEndOfTurn(resolve)),
      new Promise<void>((resolve) => {
        atEndOfTurn(() => {
          throw thrown;
        });
        atEndOfTurn(resolve);
      }),
    ]);
    expect(await caught).toBe(thrown);
    await others;
  } finally {
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
});

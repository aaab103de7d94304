import { expect, test } from 'vitest';
import { Deletions } from './deletions.ts';

/** Work that ends when it is told to. */
function held() {
  let end = (): void => undefined;
  let fail = (_: Error): void => undefined;
  const done = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { work: () => done, end, fail };
}

test('no more than a few run side by side', async () => {
  const deletions = new Deletions(2);
  const [one, two, three] = [held(), held(), held()];
  await deletions.add(one.work);
  await deletions.add(two.work);
  let begun = false;
  const third = deletions.add(() => {
    begun = true;
    return three.work();
  });
  await new Promise(setImmediate);
  expect(begun).toBe(false);
  two.end();
  await third;
  expect(begun).toBe(true);
  one.end();
  three.end();
  await deletions.end();
});

test('nothing is begun after a failure, what runs is waited for, and the first failure is told', async () => {
  const deletions = new Deletions(2);
  const [one, two] = [held(), held()];
  await deletions.add(one.work);
  await deletions.add(two.work);
  const third = deletions.add(() => Promise.reject(new Error('begun')));
  one.fail(new Error('first'));
  await expect(third).rejects.toThrow('first');
  let settled = false;
  const waiting = deletions.settled().then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  two.fail(new Error('second'));
  await waiting;
  await expect(deletions.end()).rejects.toThrow('first');
});

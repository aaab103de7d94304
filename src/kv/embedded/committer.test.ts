import { expect, test } from 'vitest';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { Committer } from './committer.ts';
import type { Handle } from './environment.ts';
import { Pause } from './pause.ts';
import type { Snapshots } from './snapshots.ts';

test('whatever goes wrong before anything is handed over, no commit is told that it was made, or may have been', async () => {
  const snapshots = {
    lookAgain: () => undefined,
    take: () => {
      throw new TypeError('Something nobody thought of');
    },
  } as unknown as Snapshots;
  const committer = new Committer({} as Handle, snapshots, new Pause(), () => undefined);
  const request = { snapshot: undefined, reads: undefined, mutations: [], size_bytes: 0 };
  const outcome = await new Promise((resolve) => committer.commit(request, resolve));
  expect(outcome).toBeInstanceOf(StoreError);
  expect(outcome).toMatchObject({ code: StoreErrorCode.Storage });
  await committer.drained();
});

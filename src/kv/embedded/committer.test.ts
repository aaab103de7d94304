import { expect, test } from 'vitest';
import { StoreError, StoreErrorCode } from '../store-error.ts';
import { Committer } from './committer.ts';
import type { Handle } from './environment.ts';
import { Pause } from './pause.ts';
import type { Snapshots } from './snapshots.ts';

const NOTHING_READ = { snapshot: undefined, reads: undefined, mutations: [], size_bytes: 0 };

/** A committer on an LMDB whose commits fail, and which goes on taking writes or not. Counts the batches handed over to it. */
function failingCommitter(takes_writes: boolean) {
  const handed_over = { batches: 0, told: 0 };
  const own = {
    ifVersion: (_key: unknown, _version: unknown, write: () => void) => {
      handed_over.batches++;
      write();
      const commitError = Promise.reject(new Error('Input/output error'));
      return Promise.reject(Object.assign(new Error('Commit failed'), { commitError }));
    },
    put: () => undefined,
    transactionSync: () => {
      if (!takes_writes) throw new Error('MDB_PANIC');
    },
  };
  const lease = { version: () => 7n, release: () => undefined };
  const snapshots = { lookAgain: () => undefined, take: () => lease } as unknown as Snapshots;
  const committer = new Committer(
    { own, data: { put: () => undefined } } as unknown as Handle,
    snapshots,
    new Pause(),
    { check_room: () => undefined, on_broken: () => handed_over.told++ },
  );
  const request = { ...NOTHING_READ, mutations: [{ kind: 'set', key: 'k', value: Buffer.of(1) } as const] };
  const commit = () => new Promise((resolve) => committer.commit(request, resolve));
  return { committer, commit, handed_over };
}

test('a commit that fails before its last page was not written, and the next one is tried', async () => {
  const { commit, handed_over } = failingCommitter(true);
  for (const batches of [1, 2]) {
    const message = 'The commit could not be written; the store is as it was before: Input/output error.';
    expect(await commit()).toMatchObject({ code: StoreErrorCode.Storage, message });
    expect(handed_over.batches).toBe(batches);
  }
});

test('when LMDB takes no writes after a commit that failed, nobody can know of it, and nothing more is handed over', async () => {
  const { committer, commit, handed_over } = failingCommitter(false);
  const outcomes = await Promise.all([commit(), commit()]);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ code: StoreErrorCode.CommitUnknown, retryable: false });
  }
  expect(committer.broken).toMatchObject({ code: StoreErrorCode.Storage });
  expect(await commit()).toBe(committer.broken);
  expect(handed_over).toEqual({ batches: 1, told: 1 });
});

test('whatever goes wrong before anything is handed over, no commit is told that it was made, or may have been', async () => {
  const snapshots = {
    lookAgain: () => undefined,
    take: () => {
      throw new TypeError('Something nobody thought of');
    },
  } as unknown as Snapshots;
  const committer = new Committer({} as Handle, snapshots, new Pause(), { check_room: () => undefined });
  const outcome = await new Promise((resolve) => committer.commit(NOTHING_READ, resolve));
  expect(outcome).toBeInstanceOf(StoreError);
  expect(outcome).toMatchObject({ code: StoreErrorCode.Storage });
  await committer.drained();
});

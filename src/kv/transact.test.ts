import { expect, test } from 'vitest';
import type { Transaction } from './store.ts';
import { StoreError, StoreErrorCode } from './store-error.ts';
import { transact } from './transact.ts';

/** Begins transactions whose commits end with these codes, one after the other, and then well. */
function beginning(codes: readonly StoreErrorCode[]): () => Transaction {
  const left = [...codes];
  const commit = async () => {
    const code = left.shift();
    if (code !== undefined) throw new StoreError(code, code);
  };
  return () => ({ commit, cancel: () => undefined }) as Partial<Transaction> as Transaction;
}

test.each([StoreErrorCode.Conflict, StoreErrorCode.TooOld, StoreErrorCode.Busy])(
  'runs the work again after %s, which has written nothing',
  async (code) => {
    let runs = 0;
    expect(await transact(beginning([code, code]), async () => ++runs)).toBe(3);
  },
);

test('never runs the work again where it may have been written', async () => {
  let runs = 0;
  const work = transact(beginning([StoreErrorCode.Conflict, StoreErrorCode.CommitUnknown]), async () => ++runs);
  await expect(work).rejects.toMatchObject({ code: StoreErrorCode.CommitUnknown });
  expect(runs).toBe(2);
});

test('gives up after so many attempts', async () => {
  const codes = Array.from({ length: 5 }, () => StoreErrorCode.Conflict);
  let runs = 0;
  const work = transact(beginning(codes), async () => ++runs, { attempts: 3 });
  await expect(work).rejects.toMatchObject({ code: StoreErrorCode.Conflict });
  expect(runs).toBe(3);
});

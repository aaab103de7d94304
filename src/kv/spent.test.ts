import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytes, END } from '../../test/support/kv/bytes.ts';
import { type TemporaryStore, temporaryStore } from '../../test/support/kv/temporary-store.ts';
import { Spent } from './spent.ts';
import { StoreError, StoreErrorCode } from './store-error.ts';

let temporary: TemporaryStore;
beforeEach(async () => {
  temporary = await temporaryStore({ exclusive: true });
});
afterEach(() => temporary.dispose());

describe('where the time of transactions goes', () => {
  test('is told of reads of many keys, of ranges and of commits', async () => {
    const { store } = temporary;
    const keys = Array.from({ length: 500 }, (_, i) => bytes(`key${i}`));
    const writing = new Spent();
    await store.transact(
      async (txn) => {
        for (const key of keys) txn.set(key, key);
      },
      { spent: writing },
    );
    expect(writing.commit_ms).toBeGreaterThan(0);
    expect([writing.read_ms, writing.retry_ms]).toEqual([0, 0]);

    const many = new Spent();
    await store.transact((txn) => txn.getMany(keys), { spent: many });
    expect(many.read_ms).toBeGreaterThan(0);
    expect([many.commit_ms, many.retry_ms]).toEqual([0, 0]);

    const range = new Spent();
    const read = async (txn: Parameters<Parameters<typeof store.transact>[0]>[0]) => {
      for await (const _ of txn.getRange(bytes(''), END)) await sleep(0);
    };
    await store.transact(read, { spent: range });
    expect(range.read_ms).toBeGreaterThan(0);
  });

  test('is that of the last attempt, and all before it is that of attempts', async () => {
    const { store } = temporary;
    const spent = new Spent();
    let attempts = 0;
    await store.transact(
      async (txn) => {
        await txn.getMany(Array.from({ length: 100 }, (_, i) => bytes(`key${i}`)));
        await sleep(20);
        if (++attempts < 3) throw new StoreError(StoreErrorCode.Conflict, 'again');
      },
      { spent },
    );
    // A timer may be early by a part of a millisecond.
    expect(spent.retry_ms).toBeGreaterThan(2 * 19);
    expect(spent.read_ms).toBeGreaterThan(0);
    expect(spent.read_ms).toBeLessThan(spent.retry_ms);
  });
});

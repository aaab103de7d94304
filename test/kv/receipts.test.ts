import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Awaitable } from '../../src/awaitable.ts';
import { collectRange } from '../../src/kv/collect-range.ts';
import { Receipts } from '../../src/kv/receipts.ts';
import type { Transaction } from '../../src/kv/store.ts';
import { StoreError, StoreErrorCode } from '../../src/kv/store-error.ts';
import { bytes, counter } from '../support/kv/bytes.ts';
import { type Fate, type LosingStore, losingStore, RECEIPTS, randomFate } from '../support/kv/losing-store.ts';
import { checkRun, runHere } from '../support/kv/model-run.ts';
import { type TemporaryStore, temporaryStore } from '../support/kv/temporary-store.ts';
import { newSeed, Random } from '../support/random.ts';
import { storeContract } from './contract.ts';

const NUMBER = bytes('number');
const DAY_MS = 24 * 60 * 60 * 1000;

storeContract('A store that finds out what became of its commits,', async () => {
  const temporary = await temporaryStore({ exclusive: true });
  const random = new Random(newSeed());
  const fateOf = () => random.pick<Fate>(['answered', 'made']);
  return {
    store: losingStore(temporary.store, fateOf),
    reopen: async () => losingStore(await temporary.reopen(), fateOf),
    dispose: () => temporary.dispose(),
  };
});

let temporary: TemporaryStore;
beforeEach(async () => {
  temporary = await temporaryStore({ exclusive: true });
});
afterEach(() => temporary.dispose());

/** All receipts that lie in the store. */
const receipts = () => temporary.store.transact((txn) => collectRange(txn, RECEIPTS.range.begin, RECEIPTS.range.end));

const addOne = async (txn: Transaction) => txn.add(NUMBER, 1n);

/** A store whose commits meet these fates, one after the other, and are answered from then on. */
function meeting(fates: readonly Fate[]): LosingStore {
  const left = [...fates];
  return losingStore(temporary.store, () => left.shift() ?? 'answered');
}

test('random concurrent transactions are serializable where commits get lost', async () => {
  const seed = newSeed();
  const store = losingStore(temporary.store, randomFate(new Random(seed)));
  const history = await runHere(store, { seed, clients: 12, transactions: 80 });
  expect(history.length).toBeGreaterThan(200);
  expect(Math.min(store.fates.made, store.fates['not made'], store.fates.late)).toBeGreaterThan(30);
  await checkRun(temporary.store, history);
});

describe('a commit whose answer gets lost', () => {
  test('was made: the work is not run again, and its versionstamp is known', async () => {
    let runs = 0;
    const txn = await meeting(['made']).transact(async (step) => {
      runs++;
      step.setVersionstampedValue(bytes('stamp'), new Uint8Array(10), 0);
      return step;
    });
    expect(runs).toBe(1);
    const stamp = await temporary.store.transact((step) => step.get(bytes('stamp')));
    expect(Buffer.compare(txn.versionstamp(), stamp ?? Buffer.of())).toBe(0);
  });

  test('was not made: the work is run again', async () => {
    let runs = 0;
    // Looking for a receipt that is not there commits, too.
    await meeting(['not made', 'answered', 'not made', 'made']).transact(async (txn) => {
      runs++;
      await addOne(txn);
    });
    expect(runs).toBe(3);
  });

  test('is not taken for the one before it, which left its receipt at the same key', async () => {
    const store = meeting(['answered', 'not made', 'answered', 'made', 'not made']);
    for (let i = 0; i < 3; i++) await store.transact(addOne);
    expect(await temporary.store.transact((txn) => txn.get(NUMBER))).toEqual(counter(3n));
    // The second is the fence, which was written when no receipt was found.
    expect(await receipts()).toHaveLength(2);
  });

  test('is still on its way: once it was looked for, it can’t be made any more', async () => {
    const onItsWay: (() => Awaitable<void>)[] = [];
    const begin = () => {
      const txn = temporary.store.begin();
      if (onItsWay.length === 0) {
        const commit = txn.commit.bind(txn);
        txn.commit = () => {
          onItsWay.push(commit);
          return Promise.reject(new StoreError(StoreErrorCode.CommitUnknown, 'lost'));
        };
      }
      return txn;
    };
    const txn = new Receipts(begin, RECEIPTS).begin();
    txn.add(NUMBER, 1n);
    await expect(txn.commit()).rejects.toMatchObject({ code: 'busy' });
    await expect(onItsWay[0]?.()).rejects.toMatchObject({ code: 'conflict' });
    expect(await temporary.store.transact((step) => step.get(NUMBER))).toBeUndefined();
  });

  test('is looked for longer than a transaction is tried again', async () => {
    let busy = 25;
    const begin = () => {
      const txn = temporary.store.begin();
      const get = txn.get.bind(txn);
      txn.get = (key) => (busy-- > 0 ? Promise.reject(new StoreError(StoreErrorCode.Busy, 'behind')) : get(key));
      return txn;
    };
    const lost = temporary.store.begin();
    const commit = lost.commit.bind(lost);
    lost.commit = async () => {
      await commit();
      throw new StoreError(StoreErrorCode.CommitUnknown, 'lost');
    };
    const txn = new Receipts(begin, RECEIPTS).begin(lost);
    txn.add(NUMBER, 1n);
    await txn.commit();
    expect(txn.versionstamp()).toHaveLength(10);
    expect(busy).toBeLessThan(0);
  });

  test('stays unknown when its receipt can’t be looked for', async () => {
    const lost = new StoreError(StoreErrorCode.CommitUnknown, 'lost');
    const begin = () => {
      const txn = temporary.store.begin();
      txn.commit = () => Promise.reject(lost);
      txn.get = () => Promise.reject(new StoreError(StoreErrorCode.Storage, 'broken'));
      return txn;
    };
    const txn = new Receipts(begin, RECEIPTS).begin();
    txn.add(NUMBER, 1n);
    await expect(txn.commit()).rejects.toBe(lost);
  });
});

describe('receipts', () => {
  test('are written only by what writes, and are as many as commits were in flight at a time', async () => {
    const store = meeting([]);
    await store.transact((txn) => txn.get(NUMBER));
    expect(await receipts()).toHaveLength(0);
    for (let round = 0; round < 5; round++) await Promise.all([1, 2, 3].map(() => store.transact(addOne)));
    expect(await receipts()).toHaveLength(3);
  });

  test('are removed when they are older than a day, whoever wrote them', async () => {
    let now_ms = 5 * DAY_MS;
    const opener = () =>
      new Receipts(
        () => temporary.store.begin(),
        RECEIPTS,
        () => now_ms,
      );
    const commit = async (by: Receipts) => {
      const txn = by.begin();
      txn.add(NUMBER, 1n);
      await txn.commit();
    };
    const [dead, living] = [opener(), opener()];
    await Promise.all([commit(dead), commit(dead)]);
    now_ms += DAY_MS;
    await commit(living);
    await opener().sweep();
    expect(await receipts()).toHaveLength(3);
    now_ms += 1;
    await opener().sweep();
    // Whoever sweeps leaves a receipt too.
    expect(await receipts()).toHaveLength(2);
    expect(await temporary.store.transact((txn) => txn.get(NUMBER))).toEqual(counter(3n));
  });
});

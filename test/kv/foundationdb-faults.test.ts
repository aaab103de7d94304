import { describe, expect, test } from 'vitest';
import { type FdbPackage, type FdbTransactionOptions, openDatabase } from '../../src/kv/foundationdb/package.ts';
import { openFoundationDbStore } from '../../src/kv/foundationdb/store.ts';
import type { Store } from '../../src/kv/store.ts';
import { bytes, counter } from '../support/kv/bytes.ts';
import { Cluster, type Faults } from '../support/kv/foundationdb/cluster.ts';
import { openOnDouble } from '../support/kv/foundationdb/fdb-store.ts';
import { packageOver } from '../support/kv/foundationdb/package.ts';
import { RECEIPTS } from '../support/kv/losing-store.ts';
import { checkRun, runHere } from '../support/kv/model-run.ts';
import { newSeed, Random } from '../support/random.ts';

const NUMBER = bytes('n');

type CommitFault = NonNullable<ReturnType<NonNullable<Faults['commit']>>>;

/** Errors after which nobody knows what became of a commit. Only 1031 leaves it on its way. */
const LOST: readonly CommitFault[] = [
  { code: 1021, fate: 'made' },
  { code: 1021, fate: 'not made' },
  { code: 1031, fate: 'made' },
  { code: 1031, fate: 'not made' },
  { code: 1031, fate: 'late' },
  { code: 1039, fate: 'made' },
  { code: 1039, fate: 'not made' },
];

/** A store on a double with these faults from now on. */
async function withFaults(faults: Faults, work: (store: Store, cluster: Cluster) => Promise<void>): Promise<void> {
  const cluster = new Cluster();
  const opened = await openOnDouble(cluster);
  try {
    Object.assign(cluster.faults, faults);
    await work(opened.store, cluster);
  } finally {
    for (const name of Object.keys(faults)) delete cluster.faults[name as keyof Faults];
    await opened.dispose();
  }
}

/** Faults that come one after the other, and no more of them then. */
function inTurn<T>(...faults: readonly T[]): () => T | undefined {
  const left = [...faults];
  return () => left.shift();
}

describe('random concurrent transactions on a double are serializable', () => {
  test('while reads and commits fail in all ways, from two openers', async () => {
    const seed = newSeed();
    const random = new Random(seed);
    const cluster = new Cluster();
    const opened = await openOnDouble(cluster);
    const other = await opened.reopen();
    cluster.faults.read = () => (random.chance(0.01) ? random.pick([1007, 1009, 1037, 1039]) : undefined);
    cluster.faults.commit = () => {
      if (random.chance(0.1)) return { code: random.pick([1020, 1007, 1042, 1213]), fate: 'not made' };
      return random.chance(0.3) ? random.pick(LOST) : undefined;
    };
    const run = { clients: 8, transactions: 80 };
    const histories = await Promise.all([
      runHere(opened.store, { ...run, seed }),
      runHere(other, { ...run, seed: seed + 100_000 }),
    ]);
    cluster.faults.read = () => undefined;
    cluster.faults.commit = () => undefined;
    expect(histories.every((history) => history.length > 150)).toBe(true);
    await checkRun(opened.store, histories.flat());
    await opened.dispose();
  });
});

describe('a commit whose outcome the client library does not know', () => {
  test.each(LOST)('$code, $fate: what it adds is added once', async (fault) => {
    await withFaults({ commit: inTurn(fault) }, async (store) => {
      await store.transact(async (txn) => txn.add(NUMBER, 1n));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await store.transact((txn) => txn.get(NUMBER))).toEqual(counter(1n));
    });
  });

  test.each([1020, 1007, 1037, 1213])('is not one that was refused with %i, which runs again', async (code) => {
    await withFaults({ commit: inTurn({ code, fate: 'not made' }) }, async (store) => {
      let runs = 0;
      await store.transact(async (txn) => {
        runs++;
        txn.add(NUMBER, 1n);
      });
      expect(runs).toBe(2);
    });
  });

  test('is looked for even while the store closes', async () => {
    await withFaults({ commit: inTurn<CommitFault>({ code: 1031, fate: 'made' }) }, async (store) => {
      const txn = store.begin();
      txn.add(NUMBER, 1n);
      const committed = txn.commit();
      await store.close();
      await committed;
      expect(txn.versionstamp()).toHaveLength(10);
    });
  });
});

test('while the cluster is away calls fail in their time, no commit is lost or made twice, and all goes on afterwards', async () => {
  const cluster = new Cluster();
  const opened = await openOnDouble(cluster, 150);
  let made = 0;
  let failed = 0;
  const worker = async () => {
    while (made < 400) {
      try {
        await opened.store.transact(async (txn) => txn.add(NUMBER, 1n));
        made++;
      } catch (error) {
        expect(error).toMatchObject({ code: 'timed_out' });
        failed++;
      }
    }
  };
  const working = Promise.all(Array.from({ length: 10 }, worker));
  for (const at of [100, 200]) {
    await expect.poll(() => made, { interval: 1 }).toBeGreaterThan(at);
    cluster.faults.unreachable = true;
    await new Promise((resolve) => setTimeout(resolve, 400));
    cluster.faults.unreachable = false;
  }
  await working;
  expect(failed).toBeGreaterThan(0);
  // On a machine that is busy, even this may take longer than transactions have here.
  const read = () => opened.store.transact((txn) => txn.get(NUMBER)).catch(() => undefined);
  await expect.poll(read).toEqual(counter(BigInt(made)));
  await opened.store.close();
});

test('what was written is forgotten at once, whatever came of the commit, also of one that is still on its way', async () => {
  const cluster = new Cluster();
  cluster.faults.commit = inTurn<CommitFault>({ code: 1020, fate: 'not made' }, { code: 1031, fate: 'late' });
  const over = packageOver(cluster);
  const calls: string[] = [];
  const fdb: FdbPackage = {
    ...over,
    open(path) {
      const database = over.open(path);
      const rawCreateTransaction = (options: FdbTransactionOptions) => {
        const native = database.rawCreateTransaction(options);
        const noted = { rawCommit: () => native.rawCommit().finally(() => calls.push('committed')) };
        return { ...native, ...noted, rawReset: () => [native.rawReset(), calls.push('reset')] as never };
      };
      return { ...database, rawCreateTransaction };
    },
  };
  const receipts = { range: { begin: bytes('r'), end: bytes('s') }, at: (...of: unknown[]) => bytes(`r${of.join()}`) };
  const store = await openFoundationDbStore({ cluster_file_path: '', timeout_ms: 5_000, receipts, fdb });
  await store.transact(async (txn) => txn.add(NUMBER, 1n));
  expect(await store.transact((txn) => txn.get(NUMBER))).toEqual(counter(1n));
  await store.close();
  expect(calls.length).toBeGreaterThan(4);
  expect(calls).toEqual(calls.map((_, i) => (i % 2 === 0 ? 'committed' : 'reset')));
});

test('a transaction that the cluster finds too large is refused as that, though it is within our count', async () => {
  await withFaults({}, async (store) => {
    const txn = store.begin();
    for (let i = 0; i < 80_000; i++) txn.set(bytes(`${i}`.padStart(40)), bytes('1'));
    await expect(txn.commit()).rejects.toMatchObject({ code: 'transaction_too_large' });
  });
});

describe('opening', () => {
  const open = (cluster: Cluster) =>
    openFoundationDbStore({
      cluster_file_path: '/etc/foundationdb/fdb.cluster',
      timeout_ms: 50,
      receipts: RECEIPTS,
      fdb: packageOver(cluster),
    });

  test('a cluster that does not answer ends with the time that transactions have, and says so', async () => {
    const cluster = new Cluster();
    cluster.faults.unreachable = true;
    await expect(open(cluster)).rejects.toMatchObject({
      code: 'timed_out',
      message: 'FoundationDB error 1031: no answer from the cluster in time',
    });
  });

  test('without a cluster file says so', async () => {
    const cluster = new Cluster();
    cluster.faults.read = () => 1515;
    await expect(open(cluster)).rejects.toMatchObject({
      code: 'storage',
      message: 'FoundationDB error 1515: there is no cluster file at that path',
    });
  });

  test('with a client library that is too old says what to install', () => {
    const fdb = {
      ...packageOver(new Cluster()),
      setAPIVersion: () => {
        throw Object.assign(new Error('API version not supported'), { code: 2203 });
      },
    };
    expect(() => openDatabase(fdb, '')).toThrow(/install the client package of FoundationDB 7.2 or newer/);
  });
});

import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, domainOn, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  begin,
  CALLER,
  commit,
  DB,
  decideLazily,
  INSTANCE,
  load,
  plantRowsets,
  plantTablets,
  rowsetAt,
  statsOf,
  type Tablet,
  tabletsIn,
  temporaryRowsets,
  txnOf,
  versionsOf,
} from '../../../test/support/loads.ts';
import { keys } from '../../keys/key-table.ts';
import { collectRange } from '../../kv/collect-range.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, readRecords, removeRecord, writeRecord } from '../../records/message-record.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { VersionPBSchema } from '../../schema/gen/cloud/version_pb.ts';
import { finishLazyCommit } from './finish-lazy-commit.ts';
import { moveRowsets } from './move-rowsets.ts';

/** Ten tablets of a partition and five of another. */
const FIRST = tabletsIn(31n, 3000n, 10);
const SECOND = tabletsIn(32n, 5005n, 5);
const ALL = [...FIRST, ...SECOND];
const settings = { txn_lazy_commit_rowsets_thresold: 4, txn_lazy_max_rowsets_per_batch: 3 };
const LAZY = { is2pc: false, enableTxnLazyCommit: true };

let domain: Domain;
beforeEach(async () => {
  domain = await openInstance({ settings });
  await plantTablets(domain.store, ALL);
});
afterEach(() => domain.dispose());

function loadAll(label: string, loaded: readonly Tablet[] = ALL, more: object = {}): Promise<bigint> {
  return load(domain, label, loaded, more);
}

function commitLazily(txnId: bigint, more: object = LAZY, on = domain) {
  return commit(on, { txnId, ...more });
}

function versions(): Promise<bigint[]> {
  return versionsOf(domain, 3n, [31n, 32n]);
}

/** The versions as they are stored, read without helping anyone. */
async function storedVersions() {
  const fields = [31n, 32n].map((partition_id) => ({ instance_id: INSTANCE, db_id: DB, table_id: 3n, partition_id }));
  const records = await domain.store.transact((txn) => readRecords(txn, keys.partitionVersion, fields));
  return records.map((record) => ({
    version: record?.version,
    pending: record?.pendingTxnIds,
    update_time_ms: record?.updateTimeMs,
  }));
}

/** That a load of all tablets is visible as the first one, whole and once. */
async function expectVisible(txnId: bigint): Promise<void> {
  expect(await versions()).toEqual([2n, 2n]);
  expect(await txnOf(domain.store, txnId)).toMatchObject({ status: TxnStatus.TXN_STATUS_VISIBLE });
  for (const tablet of ALL) {
    expect(await rowsetAt(domain.store, tablet.tablet, 2n)).toMatchObject({ startVersion: 2n, endVersion: 2n });
    expect(await statsOf(domain.store, tablet)).toEqual({
      ...{ dataSize: 100n, numRows: 10n, numRowsets: 2n, numSegments: 1n },
    });
  }
  expect(await temporaryRowsets(domain.store, txnId)).toBe(0);
}

describe('a large load', () => {
  test('is committed lazily, and answered when it is visible as any other', async () => {
    const txnId = await loadAll('l');
    const answer = await commitLazily(txnId, { ...LAZY, baseTabletIds: [3000n, 5005n] });
    expect(answer).toMatchObject({
      status: { code: 0, msg: '' },
      tableIds: [3n, 3n],
      partitionIds: [31n, 32n],
      versions: [2n, 2n],
      tableStats: [{ tableId: 3n, updatedRowCount: 20n }],
      txnInfo: { status: TxnStatus.TXN_STATUS_VISIBLE },
    });
    await expectVisible(txnId);
    const fields = { instance_id: INSTANCE, db_id: DB, txn_id: txnId };
    expect(await domain.store.transact((txn) => readRecord(txn, keys.txnRunning, fields))).toBeUndefined();
    expect(await domain.store.transact((txn) => readRecord(txn, keys.recycleTxn, fields))).toMatchObject({
      label: 'l',
    });
    const { versionUpdateTimeMs: update_time_ms } = answer;
    expect(update_time_ms).toBeGreaterThan(0n);
    expect(await storedVersions()).toEqual([
      { version: 2n, pending: [], update_time_ms },
      { version: 2n, pending: [], update_time_ms },
    ]);
  });

  test('has the size of its data alone in the statistics, which shows that it was lazy', async () => {
    const [tablet = ALL[0] as Tablet] = ALL;
    await commitLazily(await loadAll('small', FIRST.slice(0, 4)));
    expect(await statsOf(domain.store, tablet)).toMatchObject({ dataSize: 130n });
    await commitLazily(await loadAll('large'));
    expect(await statsOf(domain.store, tablet)).toMatchObject({ dataSize: 230n });
  });

  test.each([
    ['in two phases', { enableTxnLazyCommit: true }],
    ['where its frontend does not allow it', { is2pc: false }],
    ['as one of sub transactions', { ...LAZY, isTxnLoad: true }],
  ])('%s is committed at once', async (_, more) => {
    const txnId = await loadAll('l');
    await commitLazily(txnId, { ...more, ...('isTxnLoad' in more && { subTxnInfos: [{ subTxnId: txnId }] }) });
    expect(await versions()).toEqual([2n, 2n]);
    const { dataSize } = await statsOf(domain.store, ALL[0] as Tablet);
    expect(dataSize).toBe('isTxnLoad' in more ? 100n : 130n);
    expect(domain.log.join()).not.toContain('lazy commit');
  });

  test('is committed at once where the service is set so', async () => {
    const strict = await domainOn(domain.store, { settings: { ...settings, enable_cloud_txn_lazy_commit: false } });
    await commitLazily(await loadAll('l'), LAZY, strict);
    expect(await statsOf(domain.store, ALL[0] as Tablet)).toMatchObject({ dataSize: 130n });
    await strict.dispose();
  });

  test('names the database in the indexes of tablets that do not say it', async () => {
    await plantTablets(domain.store, ALL, null);
    await commitLazily(await loadAll('l'));
    for (const { tablet: tablet_id } of ALL) {
      const fields = { instance_id: INSTANCE, tablet_id };
      const index = await domain.store.transact((txn) => readRecord(txn, keys.metaTabletIndex, fields));
      expect(index).toMatchObject({ dbId: DB, tableId: 3n });
    }
  });

  test('is refused as small ones are, and nothing written', async () => {
    const txnId = await loadAll('l', ALL, { timeoutMs: -1n });
    const before = await domain.version();
    const { status, versionUpdateTimeMs } = await commitLazily(txnId);
    expect(status.msg).toBe(`txn is expired, not allow to commit txn_id=${txnId}`);
    expect(versionUpdateTimeMs).toBe(0n);
    const locked = await loadAll('m');
    expect((await commitLazily(locked, { ...LAZY, mowTableIds: [3n] })).status.msg).toMatch('lock is expired');
    expect(await storedVersions()).toEqual([{}, {}]);
    expect(await domain.version()).toBeGreaterThan(before);
  });
});

describe('a server that dies in a lazy commit', () => {
  test('leaves the whole of it to whoever reads a version', async () => {
    const txnId = await loadAll('l');
    await decideLazily(domain, txnId, settings);
    expect(await txnOf(domain.store, txnId)).toMatchObject({ status: TxnStatus.TXN_STATUS_COMMITTED });
    expect(await storedVersions()).toMatchObject([
      { version: 0n, pending: [txnId] },
      { version: 0n, pending: [txnId] },
    ]);
    await expectVisible(txnId);
  });

  test.each([0, 1, 2, 3, 4, 5, 6])('after %i steps loses nothing and doubles nothing', async (steps) => {
    const txnId = await loadAll('l');
    await decideLazily(domain, txnId, settings);
    let left = steps;
    const transact = <T>(work: (txn: Transaction) => Promise<T>) => {
      if (left-- === 0) throw new Error('the server dies');
      return domain.store.transact(work);
    };
    const dying = finishLazyCommit(INSTANCE, txnId, { transact, most_rowsets: 3, now_ms: Date.now });
    await expect(dying).rejects.toThrow('the server dies');
    expect(await storedVersions()).toMatchObject([
      { version: 0n, pending: [txnId] },
      { version: 0n, pending: [txnId] },
    ]);
    expect(await temporaryRowsets(domain.store, txnId)).toBeGreaterThanOrEqual(2);
    // Its frontend asks again, and another server answers.
    expect((await commitLazily(txnId)).status.msg).toBe(`transaction is already visible: db_id=1 txn_id=${txnId}`);
    await expectVisible(txnId);
  });

  test('leaves it to the next load of one of its partitions, which comes after it', async () => {
    const first = await loadAll('l');
    await decideLazily(domain, first, settings);
    const second = await loadAll('m', FIRST.slice(0, 1));
    expect(await commitLazily(second, {})).toMatchObject({ partitionIds: [31n], versions: [3n] });
    expect(await versions()).toEqual([3n, 2n]);
    expect(await txnOf(domain.store, first)).toMatchObject({ status: TxnStatus.TXN_STATUS_VISIBLE });
    expect(await rowsetAt(domain.store, 3000n, 2n)).toMatchObject({ rowsetIdV2: `rowset of ${first} on 3000` });
    expect(await rowsetAt(domain.store, 3000n, 3n)).toMatchObject({ rowsetIdV2: `rowset of ${second} on 3000` });
  });

  test('leaves it to whoever asks for rowsets of one of its tablets', async () => {
    const txnId = await begin(domain, 'l');
    await plantRowsets(domain.store, txnId, ALL, { tabletSchema: {} });
    await decideLazily(domain, txnId, settings);
    const known = { baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n, cumulativePoint: 0n };
    const request = { cloudUniqueId: CALLER, idx: { tabletId: FIRST[3]?.tablet ?? 0n }, startVersion: 2n, ...known };
    const { status, $unknown } = await domain.call(rpc.get_rowset, { ...request, endVersion: 2n });
    expect([status.msg, $unknown?.length]).toEqual(['', 1]);
    await expectVisible(txnId);
  });

  test('leaves it to sub transactions too', async () => {
    const first = await loadAll('l');
    await decideLazily(domain, first, settings);
    const second = await loadAll('m', SECOND);
    const parts = { isTxnLoad: true, subTxnInfos: [{ subTxnId: second }] };
    expect(await commitLazily(second, parts)).toMatchObject({ partitionIds: [32n], versions: [3n] });
    expect(await versions()).toEqual([2n, 3n]);
  });

  test('leaves it to several others at the same time', async () => {
    const txnId = await loadAll('l');
    await decideLazily(domain, txnId, settings);
    const others = await Promise.all([1, 2, 3].map(() => domainOn(domain.store, { settings })));
    await Promise.all(others.map((other) => commitLazily(txnId, LAZY, other)));
    await expectVisible(txnId);
    await Promise.all(others.map((other) => other.dispose()));
  });

  test('can be of Doris, which keeps all temporary rowsets of a partition until it has moved the last', async () => {
    const txnId = await loadAll('l');
    await decideLazily(domain, txnId, settings);
    await domain.store.transact(async (txn) => {
      const moved = { txn, fields: { instance_id: INSTANCE, db_id: DB, txn_id: txnId } };
      const { begin: from, end } = keys.metaRowsetTmp.range({ instance_id: INSTANCE, txn_id: txnId });
      const pairs = await collectRange(txn, from, end);
      await moveRowsets(moved.txn, moved.fields, { begin: from, end, most_rowsets: 5, waiting: new Map() });
      for (const { key, value } of pairs) txn.set(key, value);
    });
    expect(await temporaryRowsets(domain.store, txnId)).toBe(15);
    await commitLazily(txnId);
    await expectVisible(txnId);
  });
});

describe('a partition that waits for a lazy commit no more', () => {
  /** Ends the second partition as Doris does, which makes each visible by itself. */
  const publishSecond = (txnId: bigint) =>
    domain.store.transact(async (txn) => {
      const partition = { instance_id: INSTANCE, db_id: DB, table_id: 3n, partition_id: 32n };
      writeRecord(txn, keys.partitionVersion, partition, create(VersionPBSchema, { version: 2n }));
      for (const { tablet } of SECOND) {
        removeRecord(txn, keys.metaRowsetTmp, { instance_id: INSTANCE, txn_id: txnId, tablet_id: tablet });
      }
    });

  test('is left as it is, with what was written for it too late', async () => {
    const txnId = await loadAll('l');
    await decideLazily(domain, txnId, settings);
    await publishSecond(txnId);
    await plantRowsets(domain.store, txnId, SECOND.slice(0, 1));
    await commitLazily(txnId);
    expect(await versions()).toEqual([2n, 2n]);
    expect(await rowsetAt(domain.store, 5005n, 3n)).toBeUndefined();
    expect(await temporaryRowsets(domain.store, txnId)).toBe(1);
  });

  test('is left as it is also when that happens just before the end', async () => {
    const txnId = await loadAll('l');
    await decideLazily(domain, txnId, settings);
    let steps = 0;
    const transact = async <T>(work: (txn: Transaction) => Promise<T>) => {
      if (++steps === 7) await publishSecond(txnId);
      return domain.store.transact(work);
    };
    await finishLazyCommit(INSTANCE, txnId, { transact, most_rowsets: 3, now_ms: Date.now });
    expect(steps).toBe(7);
    expect(await versions()).toEqual([2n, 2n]);
  });
});

test('large loads of the same partitions at the same time follow each other', async () => {
  const loads = await Promise.all(['a', 'b', 'c', 'd'].map((label) => loadAll(label)));
  const answers = await Promise.all(loads.map((txnId) => commitLazily(txnId)));
  expect(answers.map((answer) => answer.versions[0]).sort()).toEqual([2n, 3n, 4n, 5n]);
  for (const answer of answers) expect(answer.versions[0]).toBe(answer.versions[1]);
  expect(await versions()).toEqual([5n, 5n]);
  expect(await statsOf(domain.store, ALL[0] as Tablet)).toMatchObject({ numRowsets: 5n, numRows: 40n });
});

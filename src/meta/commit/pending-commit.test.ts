import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, domainOn, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { compactionOf, outputOf } from '../../../test/support/jobs.ts';
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
  txnOf,
  versionsOf,
} from '../../../test/support/loads.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord } from '../../records/message-record.ts';
import { FinishTabletJobRequest_Action as Action } from '../../schema/gen/cloud/job_pb.ts';
import { RecyclePartitionPB_State } from '../../schema/gen/cloud/partition_pb.ts';
import { TxnSourceTypePB as Source, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { finishLazyCommit } from './finish-lazy-commit.ts';

/** Ten tablets of a partition and five of another. */
const FIRST = tabletsIn(31n, 3000n, 10);
const SECOND = tabletsIn(32n, 5005n, 5);
const ALL = [...FIRST, ...SECOND];
const TABLE = 3n;
const settings = { txn_lazy_commit_rowsets_thresold: 4, txn_lazy_max_rowsets_per_batch: 3 };
const from = { cloudUniqueId: CALLER };

let domain: Domain;
beforeEach(async () => {
  domain = await openInstance({ settings });
  await plantTablets(domain.store, ALL);
});
afterEach(() => domain.dispose());

describe('a table that merges on write', () => {
  const takeLock = (lockId: bigint) => {
    const request = { tableId: TABLE, lockId, initiator: -1n, expiration: 600n };
    return domain.status(rpc.get_delete_bitmap_update_lock, { ...from, ...request });
  };
  const rowsetsOf = async (tabletId: bigint, endVersion: bigint) => {
    const known = { baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n, cumulativePoint: 0n };
    const request = { ...from, ...known, idx: { tabletId }, startVersion: 2n, endVersion };
    return (await domain.call(rpc.get_rowset, request)).$unknown?.length ?? 0;
  };

  test('gives the next load no version whose rowsets are not there, so that it marks all rows that it replaces', async () => {
    const first = await begin(domain, 'l');
    await plantRowsets(domain.store, first, ALL, { tabletSchema: {} });
    expect(await takeLock(first)).toBe('OK');
    await decideLazily(domain, first, settings, { mowTableIds: [TABLE] });

    const next = await load(domain, 'm', FIRST.slice(0, 1));
    expect(await takeLock(next)).toBe('OK');
    // The next load calculates its delete bitmaps with the rowsets up to this version, for the version after it.
    const place = { dbId: DB, tableId: TABLE, partitionId: 31n };
    const { version } = await domain.call(rpc.get_version, { ...from, ...place });
    expect(version).toBe(2n);
    expect(await rowsetsOf(3000n, version)).toBe(1);
    const { status, versions } = await commit(domain, { txnId: next, mowTableIds: [TABLE] });
    expect(status.msg).toBe('');
    expect(versions).toEqual([version + 1n]);
  });

  test('is not given free by a load that was refused', async () => {
    const txnId = await load(domain, 'l', ALL, { timeoutMs: -1n });
    expect(await takeLock(txnId)).toBe('OK');
    const { status } = await commit(domain, { txnId, is2pc: false, enableTxnLazyCommit: true, mowTableIds: [TABLE] });
    expect(status.msg).toMatch('txn is expired');
    expect(await takeLock(7n)).toMatch(/^LOCK_CONFLICT /);
  });
});

/** Moves the first rowsets of a transaction that is decided, and dies. */
async function moveSome(txnId: bigint): Promise<void> {
  let left = 3;
  const transact = <T>(work: (txn: Transaction) => Promise<T>) => {
    if (left-- === 0) throw new Error('the server dies');
    return domain.store.transact(work);
  };
  const dying = finishLazyCommit(INSTANCE, txnId, { transact, most_rowsets: 3, now_ms: Date.now });
  await expect(dying).rejects.toThrow('the server dies');
}

async function expectVisible(txnId: bigint, version: bigint): Promise<void> {
  expect(await versionsOf(domain, TABLE, [31n, 32n])).toEqual([version, version]);
  expect(await txnOf(domain.store, txnId)).toMatchObject({ status: TxnStatus.TXN_STATUS_VISIBLE });
  for (const { tablet } of ALL) {
    expect(await rowsetAt(domain.store, tablet, version)).toMatchObject({
      rowsetIdV2: `rowset of ${txnId} on ${tablet}`,
    });
  }
}

describe('a transaction that is decided and not visible', () => {
  const coordinator = { sourceType: Source.TXN_SOURCE_TYPE_BE, id: 5n, ip: '10.0.0.5', startTime: 9n };
  const label = 'l';
  let txnId: bigint;
  beforeEach(async () => {
    txnId = await load(domain, label, ALL, { coordinator });
    await decideLazily(domain, txnId, settings);
    await moveSome(txnId);
  });

  test('is neither aborted nor changed nor begun again by anyone', async () => {
    const whole = { ...from, dbId: DB, txnId };
    const part = { ...whole, subTxnNum: 0n, tableIds: [TABLE] };
    const before = await domain.version();
    const state = `db_id=1 txn_id=${txnId}`;
    const statuses = [
      await domain.status(rpc.abort_txn, whole),
      await domain.status(rpc.abort_txn, { ...from, dbId: DB, label }),
      await domain.status(rpc.precommit_txn, whole),
      await domain.status(rpc.begin_sub_txn, { ...part, label: 'part' }),
      await domain.status(rpc.abort_sub_txn, { ...part, subTxnId: txnId }),
      await domain.status(rpc.begin_txn, { ...from, txnInfo: { dbId: DB, tableIds: [TABLE], label, timeoutMs: 9n } }),
    ];
    expect(statuses).toEqual([
      `TXN_INVALID_STATUS transaction [${txnId}] is already COMMITTED, db_id=1`,
      'TXN_INVALID_STATUS running transaction not found, db_id=1 label=l',
      `TXN_INVALID_STATUS transaction is already committed: ${state}`,
      `TXN_INVALID_STATUS transaction status is 2 : ${state}`,
      `TXN_INVALID_STATUS transaction status is 2 : ${state} sub_txn_id=${txnId}`,
      expect.stringMatching(/^TXN_LABEL_ALREADY_USED /),
    ]);
    expect(await domain.version()).toBe(before);
    await expectVisible(txnId, 2n);
  });

  test('is left by those who end or forget the transactions of a coordinator or a label', async () => {
    const dead = { ip: coordinator.ip, id: coordinator.id, startTime: 10n };
    expect(await domain.status(rpc.abort_txn_with_coordinator, { ...from, ...dead })).toBe('OK');
    expect(await domain.status(rpc.clean_txn_label, { ...from, dbId: DB, labels: [label] })).toBe('OK');
    expect(await txnOf(domain.store, txnId)).toMatchObject({ status: TxnStatus.TXN_STATUS_COMMITTED });
    await expectVisible(txnId, 2n);
  });

  test('takes in no rowset of a load that knows its transaction', async () => {
    const rowsetMeta = { rowsetId: 0n, rowsetIdV2: 'late', txnId, tabletId: 3001n, partitionId: 31n, schemaVersion: 0 };
    const late = { ...from, txnId, rowsetMeta: { ...rowsetMeta, loadId: { hi: 1n, lo: 2n } } };
    expect(await domain.status(rpc.commit_rowset, late)).toMatch(/^INVALID_ARGUMENT txn is not in 1 state/);
    await expectVisible(txnId, 2n);
  });

  test('becomes visible in what was dropped, too, and so in what was not', async () => {
    const dropped = { ...from, dbId: DB, tableId: TABLE, indexIds: [5n], partitionIds: [32n], expiration: 9n };
    expect(await domain.status(rpc.drop_partition, dropped)).toBe('OK');
    await expectVisible(txnId, 2n);
    const fields = { instance_id: INSTANCE, partition_id: 32n };
    const recycled = await domain.store.transact((txn) => readRecord(txn, keys.recyclePartition, fields));
    expect(recycled?.state).toBe(RecyclePartitionPB_State.DROPPED);
  });

  test('is neither lost nor counted twice when a compaction begins and ends meanwhile', async () => {
    await expectVisible(txnId, 2n);
    const second = await load(domain, 'm', ALL);
    await commit(domain, { txnId: second, is2pc: false, enableTxnLazyCommit: true });
    const third = await load(domain, 'n', ALL);
    await decideLazily(domain, third, settings);
    const [tablet = ALL[0] as Tablet] = ALL;
    const idx = { tabletId: tablet.tablet };
    const start = { ...from, job: { idx, compaction: [compactionOf({})] } };
    expect((await domain.call(rpc.start_tablet_job, start)).status.msg).toBe('');
    await moveSome(third);
    const output = { rowsetIdV2: 'written 77', startVersion: 2n, endVersion: 3n };
    await plantRowsets(domain.store, 77n, [tablet], output);
    const job = { idx, compaction: [compactionOf(outputOf(2n, 3n, 77n))] };
    const finished = await domain.call(rpc.finish_tablet_job, { ...from, action: Action.COMMIT, job });
    expect(finished.status.msg).toBe('');
    await expectVisible(third, 4n);
    expect(await rowsetAt(domain.store, tablet.tablet, 2n)).toBeUndefined();
    expect(await rowsetAt(domain.store, tablet.tablet, 3n)).toMatchObject({ rowsetIdV2: 'written 77' });
    // The first, empty one, the compacted one of 100 bytes, and the one of the load.
    expect(await statsOf(domain.store, tablet)).toEqual({
      ...{ dataSize: 200n, numRows: 20n, numRowsets: 3n, numSegments: 2n },
    });
  });
});

describe('at the same time', () => {
  const LAZY = { is2pc: false, enableTxnLazyCommit: true };

  test('a commit and an abort end a large load in one way', async () => {
    for (let i = 0; i < 5; i++) {
      const txnId = await load(domain, `l${i}`, ALL);
      const abort = () => domain.status(rpc.abort_txn, { ...from, dbId: DB, txnId });
      const [committed, aborted] = await Promise.all([commit(domain, { txnId, ...LAZY }), abort()]);
      const visible = committed.status.code === 0;
      expect(aborted === 'OK').toBe(!visible);
      const { TXN_STATUS_VISIBLE, TXN_STATUS_ABORTED } = TxnStatus;
      const status = visible ? TXN_STATUS_VISIBLE : TXN_STATUS_ABORTED;
      expect(await txnOf(domain.store, txnId)).toMatchObject({ status });
    }
  });

  test('the same large load, committed twice, is there once', async () => {
    const txnId = await load(domain, 'l', ALL);
    const answers = await Promise.all([1, 2].map(() => commit(domain, { txnId, ...LAZY })));
    expect(answers.map(({ status }) => status.code)).toEqual([0, 0]);
    await expectVisible(txnId, 2n);
    expect(await statsOf(domain.store, ALL[0] as Tablet)).toMatchObject({ numRowsets: 2n, numRows: 10n });
  });

  test('large loads by several servers, of partitions that they share, each come to a version of their own', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => domainOn(domain.store, { settings })));
    const loads = await Promise.all(
      [FIRST, SECOND, ALL, FIRST, ALL, SECOND].map((tablets, i) => load(domain, `l${i}`, tablets)),
    );
    const answers = await Promise.all(loads.map((txnId, i) => commit(servers[i % 3] as Domain, { txnId, ...LAZY })));
    expect(answers.map(({ status }) => status.msg)).toEqual(['', '', '', '', '', '']);
    const taken = (partition: bigint) =>
      answers.flatMap(({ partitionIds, versions }) => versions[partitionIds.indexOf(partition)] ?? []).sort();
    expect([taken(31n), taken(32n)]).toEqual([
      [2n, 3n, 4n, 5n],
      [2n, 3n, 4n, 5n],
    ]);
    expect(await versionsOf(domain, TABLE, [31n, 32n])).toEqual([5n, 5n]);
    for (const tablet of ALL) {
      expect(await statsOf(domain.store, tablet)).toMatchObject({ numRowsets: 5n, numRows: 40n });
    }
    await Promise.all(servers.map((server) => server.dispose()));
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  CALLER,
  commit,
  DB,
  decideLazily,
  INSTANCE,
  load,
  plantTablets,
  tabletsIn,
  temporaryRowsets,
  txnOf,
  versionsOf,
} from '../../../test/support/loads.ts';
import { keys } from '../../keys/key-table.ts';
import type { Store } from '../../kv/store.ts';
import { SILENT } from '../../observe/logger.ts';
import { removeRecord, writeRecord } from '../../records/message-record.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { LazyCommits } from './lazy-commits.ts';

const TABLETS = tabletsIn(31n, 3000n, 10);
const settings = { txn_lazy_commit_rowsets_thresold: 4, txn_lazy_max_rowsets_per_batch: 3 };

let domain: Domain;
beforeEach(async () => {
  domain = await openInstance({ settings });
  await plantTablets(domain.store, TABLETS);
});
afterEach(() => domain.dispose());

describe('a partition that waits for what does not come', () => {
  test('refuses the loads that follow, and says why', async () => {
    const txnId = await load(domain, 'l', TABLETS);
    await decideLazily(domain, txnId, settings);
    const fields = { instance_id: INSTANCE, db_id: DB, txn_id: txnId };
    await domain.store.transact(async (txn) => removeRecord(txn, keys.txnInfo, fields));
    const next = await load(domain, 'm', TABLETS);
    const { status } = await commit(domain, { txnId: next });
    expect(status.msg).toBe(
      `transaction ${txnId}, which comes first, can't be finished: failed to get txn_info, db_id=1 txn_id=${txnId} err=KeyNotFound`,
    );
  });

  test('does not keep a load waiting for ever when the transaction is visible', async () => {
    const txnId = await load(domain, 'l', TABLETS);
    await decideLazily(domain, txnId, settings);
    const { begin: from, end } = keys.metaRowsetTmp.range({ instance_id: INSTANCE, txn_id: txnId });
    await domain.store.transact(async (txn) => txn.clearRange(from, end));
    const next = await load(domain, 'm', TABLETS);
    const { status } = await commit(domain, { txnId: next });
    expect(status.msg).toBe(`transaction ${txnId} is finished, and a partition still waits for it`);
  });
});

describe('what can not be finished', () => {
  let txnId: bigint;
  let attempts: () => number;
  const fields = () => ({ instance_id: INSTANCE, db_id: DB, txn_id: txnId });
  const read = () => domain.status(rpc.get_version, { cloudUniqueId: CALLER, dbId: DB, tableId: 3n, partitionId: 31n });
  const refusal = () =>
    `UNDEFINED_ERR transaction ${txnId}, which comes first, can't be finished: ` +
    `failed to get txn_info, db_id=1 txn_id=${txnId} err=KeyNotFound`;

  beforeEach(async () => {
    txnId = await load(domain, 'l', TABLETS);
    await decideLazily(domain, txnId, settings);
    attempts = () => domain.log.filter((line) => line.includes('could not be finished')).length;
  });
  afterEach(() => vi.useRealTimers());

  /** Takes the transaction away, and returns what puts it back. */
  async function lose(): Promise<() => Promise<void>> {
    const info = await txnOf(domain.store, txnId);
    if (!info) throw new Error('there is no such transaction');
    await domain.store.transact(async (txn) => removeRecord(txn, keys.txnInfo, fields()));
    return () => domain.store.transact(async (txn) => writeRecord(txn, keys.txnInfo, fields(), info));
  }

  test('fails many readers, and is not tried by each of them', async () => {
    await lose();
    expect(await Promise.all([read(), read(), read()])).toEqual([refusal(), refusal(), refusal()]);
    for (let i = 0; i < 3; i++) expect(await read()).toBe(refusal());
    expect(attempts()).toBe(1);
  });

  test('is tried again after a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const restore = await lose();
    expect(await read()).toBe(refusal());
    await restore();
    vi.advanceTimersByTime(999);
    expect(await read()).toBe(refusal());
    vi.advanceTimersByTime(1);
    expect(await read()).toBe('OK');
    expect(attempts()).toBe(1);
  });

  test("is in nobody's way any more when it has been finished", async () => {
    const { store } = domain;
    const lazyCommits = new LazyCommits({ store, logger: SILENT, now_ms: Date.now, txn_lazy_max_rowsets_per_batch: 3 });
    const restore = await lose();
    await expect(lazyCommits.help(INSTANCE, txnId)).rejects.toThrow('failed to get txn_info');
    await restore();
    await expect(lazyCommits.help(INSTANCE, txnId)).rejects.toThrow('failed to get txn_info');
    await lazyCommits.finish(INSTANCE, txnId);
    await lazyCommits.help(INSTANCE, txnId);
  });
});

test('a service that stops lets go of a lazy commit between two transactions of the store', async () => {
  const txnId = await load(domain, 'l', TABLETS);
  await decideLazily(domain, txnId, settings);
  let steps = 0;
  const store = { transact: (work) => (steps++ === 2 ? stopping(work) : domain.store.transact(work)) } as Store;
  const lazyCommits = new LazyCommits({ store, logger: SILENT, now_ms: Date.now, txn_lazy_max_rowsets_per_batch: 3 });
  let stopped: Promise<void> | undefined;
  const stopping: Store['transact'] = (work) => {
    stopped = lazyCommits.stop();
    return domain.store.transact(work);
  };
  await expect(lazyCommits.finish(INSTANCE, txnId)).rejects.toThrow('The service is stopping.');
  await stopped;
  expect(steps).toBe(3);
  expect(await temporaryRowsets(domain.store, txnId)).toBe(5);
  await domain.admin('txn_lazy_commit', '', `instance_id=${INSTANCE}&txn_id=${txnId}`);
  expect(await versionsOf(domain, 3n, [31n])).toEqual([2n]);
});

describe('the tool txn_lazy_commit', () => {
  const tool = (txnId: unknown, instance = INSTANCE) =>
    domain.admin('txn_lazy_commit', '', `instance_id=${instance}&txn_id=${txnId}`);

  test('finishes what a dead server has left', async () => {
    const txnId = await load(domain, 'l', TABLETS);
    await decideLazily(domain, txnId, settings);
    expect(await tool(txnId)).toEqual({ status: 200, code: 'OK', msg: '' });
    expect((await txnOf(domain.store, txnId))?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
    expect(await tool(`${txnId}x`)).toEqual({ status: 200, code: 'OK', msg: '' });
  });

  test('refuses what is not committed, is not there, or makes no sense', async () => {
    const txnId = await load(domain, 'l', TABLETS);
    const state = `db_id=1 txn_id=${txnId} status=TXN_STATUS_PREPARED`;
    expect(await tool(txnId)).toMatchObject({ status: 500, msg: `transaction is not committed: ${state}` });
    expect(await tool(7)).toMatchObject({ status: 500, msg: 'failed to get db id, txn_id=7 err=KeyNotFound' });
    for (const text of ['abc', '99999999999999999999', '-']) {
      expect(await tool(text)).toMatchObject({ msg: `txn_id ${text} must be a number, meet error=stol` });
    }
    expect(await tool('')).toMatchObject({ status: 400, msg: 'instance_id or txn_id is empty' });
    expect(await tool(7, '')).toMatchObject({ status: 400, msg: 'instance_id or txn_id is empty' });
  });
});

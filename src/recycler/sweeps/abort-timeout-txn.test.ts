import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  A,
  B,
  commit,
  DB,
  decideLazily,
  INSTANCE,
  load,
  plantTablets,
  temporaryRowsets,
  txnOf,
  versionsOf,
} from '../../../test/support/loads.ts';
import { runSweep } from '../../../test/support/recycler/sweep-context.ts';
import { keys } from '../../keys/key-table.ts';
import { saveTxn } from '../../meta/txn/txn-record.ts';
import { readRecord, removeRecord } from '../../records/message-record.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { abortTimeoutTxn } from './abort-timeout-txn.ts';

const LAZILY = { txn_lazy_commit_rowsets_thresold: 1 };
const caller = { cloudUniqueId: '1:i:be' };

let domain: Domain;
let now_s: number;
beforeEach(async () => {
  now_s = 1_800_000_000;
  domain = await openDomain({ now: () => now_s, settings: LAZILY });
  await domain.call(rpc.create_instance, { instanceId: INSTANCE });
  await plantTablets(domain.store, [A, B]);
});
afterEach(() => domain.dispose());

const sweep = (more = {}) => runSweep(abortTimeoutTxn, domain, more);
const fieldsOf = (txn_id: bigint) => ({ instance_id: INSTANCE, db_id: DB, txn_id });
const running = (txnId: bigint) => domain.store.transact((txn) => readRecord(txn, keys.txnRunning, fieldsOf(txnId)));
const finished = (txnId: bigint) => domain.store.transact((txn) => readRecord(txn, keys.recycleTxn, fieldsOf(txnId)));

test('aborts a transaction in the very millisecond of its timeout, and not before', async () => {
  const txnId = await load(domain, 'l', [A], { timeoutMs: 10_000n });
  now_s += 9;
  expect((await sweep()).progress.numbers).toMatchObject({ scanned: 1, found: 0, deleted: 0 });
  now_s += 1;
  expect((await sweep()).progress.numbers).toMatchObject({ scanned: 1, found: 1, deleted: 1, failed: 0 });
  expect(await txnOf(domain.store, txnId)).toMatchObject({
    status: TxnStatus.TXN_STATUS_ABORTED,
    reason: 'timeout',
    finishTime: BigInt(now_s * 1000),
  });
  expect(await running(txnId)).toBeUndefined();
  expect(await finished(txnId)).toMatchObject({ label: 'l', creationTime: BigInt(now_s * 1000) });
  expect((await commit(domain, { txnId, dbId: DB, is2pc: false })).status.msg).toMatch(/abort/);
  expect((await sweep()).progress.numbers).toMatchObject({ scanned: 0 });
});

test('leaves a precommitted one until the second phase has timed out', async () => {
  const txnId = await load(domain, 'l', [A], { timeoutMs: 10_000n, precommitTimeoutMs: 60_000n });
  now_s += 5;
  expect(await domain.status(rpc.precommit_txn, { ...caller, txnId, dbId: DB })).toBe('OK');
  now_s += 59;
  await sweep();
  expect((await txnOf(domain.store, txnId))?.status).toBe(TxnStatus.TXN_STATUS_PRECOMMITTED);
  now_s += 1;
  await sweep();
  expect((await txnOf(domain.store, txnId))?.status).toBe(TxnStatus.TXN_STATUS_ABORTED);
});

test('brings what was committed lazily to its end, whatever the time', async () => {
  const txnId = await load(domain, 'l', [A, B], { timeoutMs: 10_000n });
  await decideLazily(domain, txnId, LAZILY, { dbId: DB });
  now_s += 100;
  const dry = await sweep({ dry_run: true });
  expect(dry.planned).toMatchObject([{ why: expect.stringContaining('committed') }]);
  expect(await temporaryRowsets(domain.store, txnId)).toBe(2);
  expect((await sweep()).progress.numbers).toMatchObject({ found: 1, deleted: 1, failed: 0 });
  expect((await txnOf(domain.store, txnId))?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
  expect(await temporaryRowsets(domain.store, txnId)).toBe(0);
  expect(await versionsOf(domain, A.table, [A.partition])).toEqual([2n]);
});

test('passes by what can not be made visible or aborted, and goes on', async () => {
  const unreadable = await load(domain, 'a', [A], { timeoutMs: 1000n });
  const lost = await load(domain, 'b', [A], { timeoutMs: 1000n });
  const odd = await load(domain, 'c', [A], { timeoutMs: 1000n });
  const due = await load(domain, 'd', [A], { timeoutMs: 1000n });
  await domain.store.transact(async (txn) => {
    txn.set(keys.txnInfo.encode(fieldsOf(unreadable)), Buffer.from([0xff]));
    removeRecord(txn, keys.txnInfo, fieldsOf(lost));
    const visible = await txnOf(domain.store, odd);
    if (visible) saveTxn(txn, INSTANCE, { ...visible, status: TxnStatus.TXN_STATUS_VISIBLE });
    txn.set(Buffer.concat([keys.txnRunning.encode(fieldsOf(due)), Buffer.of(1)]), Buffer.alloc(0));
  });
  now_s += 10;
  const { progress } = await sweep();
  expect(progress.numbers).toMatchObject({ scanned: 5, deleted: 1, failed: 4 });
  expect((await txnOf(domain.store, due))?.status).toBe(TxnStatus.TXN_STATUS_ABORTED);
  expect((await txnOf(domain.store, odd))?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
  expect(await running(lost)).toBeDefined();
});

test('decides on what is there when it decides: a commit or a precommit that came before it counts', async () => {
  const committed = await load(domain, 'a', [A], { timeoutMs: 10_000n });
  const precommitted = await load(domain, 'b', [B], { timeoutMs: 10_000n, precommitTimeoutMs: 60_000n });
  const begin = domain.store.transact.bind(domain.store);
  let calls = 0;
  const store = Object.create(domain.store, {
    transact: {
      value: async (work: Parameters<typeof begin>[0]) => {
        // The first reads a page of running transactions, the second their states, the third aborts.
        if (++calls === 3) {
          await commit(domain, { txnId: committed, dbId: DB, is2pc: false });
          await domain.call(rpc.precommit_txn, { ...caller, txnId: precommitted, dbId: DB });
        }
        return begin(work);
      },
    },
  });
  now_s += 10;
  expect((await sweep({ store })).progress.numbers).toMatchObject({ scanned: 2, deleted: 0, failed: 0 });
  expect((await txnOf(domain.store, committed))?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
  expect((await txnOf(domain.store, precommitted))?.status).toBe(TxnStatus.TXN_STATUS_PRECOMMITTED);
});

test('in a dry run says what would go, and writes nothing', async () => {
  await load(domain, 'l', [A], { timeoutMs: 1000n });
  now_s += 10;
  const before = await domain.version();
  expect((await sweep({ dry_run: true })).planned).toEqual([{ what: expect.stringMatching(/^01/), why: 'timeout' }]);
  expect(await domain.version()).toBe(before);
});

test('ends between two batches when it is told to', async () => {
  await load(domain, 'l', [A], { timeoutMs: 1000n });
  now_s += 10;
  await expect(sweep({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});

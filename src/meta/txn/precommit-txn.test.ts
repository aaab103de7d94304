import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { CALLER, DB, INSTANCE, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord } from '../../records/message-record.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { fieldsOfTxn } from './txn-record.ts';

let now_ms = 1_000_000;
let domain: Domain;
let txns: TestTxns;
beforeEach(async () => {
  now_ms = 1_000_000;
  domain = await openDomain({ now: () => now_ms / 1000 });
  txns = await testTxns(domain);
});
afterEach(() => domain.dispose());

const precommit = (request: object) => domain.status(rpc.precommit_txn, { ...CALLER, ...request });

test('a precommitted transaction has until the timeout that it began with, not that of the request', async () => {
  const txnId = await txns.begun({ precommitTimeoutMs: 60_000n });
  now_ms += 5_000;
  const commitAttachment = { loadJobFinalOperation: { id: 5n } };
  expect(await precommit({ dbId: DB, txnId, precommitTimeoutMs: 1n, commitAttachment })).toBe('OK');
  const { status, precommitTime, ...info } = (await txns.stored(txnId)) ?? {};
  expect([status, precommitTime]).toEqual([TxnStatus.TXN_STATUS_PRECOMMITTED, 1_005_000n]);
  expect(info).toMatchObject({ prepareTime: 1_000_000n, precommitTimeoutMs: 60_000n, commitAttachment });
  const running = await domain.store.transact((txn) =>
    readRecord(txn, keys.txnRunning, fieldsOfTxn(INSTANCE, { dbId: DB, txnId })),
  );
  expect(running).toMatchObject({ tableIds: [1n, 2n], timeoutTime: 1_065_000n });
});

test('answers nothing but that it is done', async () => {
  const response = await domain.call(rpc.precommit_txn, { ...CALLER, txnId: await txns.begun() });
  expect(Object.keys(response)).not.toContain('txnId');
});

test('without a database it is looked up, also for one that is negative', async () => {
  expect(await precommit({ txnId: await txns.begun() })).toBe('OK');
  expect(await precommit({ txnId: await txns.begun({ label: 'm' }), dbId: -5n })).toBe('OK');
  expect(await precommit({ txnId: await txns.begun({ label: 'z', dbId: 0n }) })).toBe('OK');
});

test('a transaction that has timed out can still be precommitted', async () => {
  const txnId = await txns.begun({ timeoutMs: -60_000n });
  expect(await precommit({ txnId })).toBe('OK');
});

test.each([
  [TxnStatus.TXN_STATUS_PRECOMMITTED, 'TXN_ALREADY_PRECOMMITED', 'precommited'],
  [TxnStatus.TXN_STATUS_VISIBLE, 'TXN_ALREADY_VISIBLE', 'visible'],
  [TxnStatus.TXN_STATUS_ABORTED, 'TXN_ALREADY_ABORTED', 'aborted'],
  [TxnStatus.TXN_STATUS_COMMITTED, 'TXN_INVALID_STATUS', 'committed'],
])('one in state %s stays in it', async (status, code, word) => {
  const txnId = await txns.begun();
  await txns.setStatus(txnId, status);
  const { said } = await txns.refused(rpc.precommit_txn, { dbId: DB, txnId });
  expect(said).toBe(`${code} transaction is already ${word}: db_id=7 txn_id=${txnId}`);
});

test.each([
  [{}, 'INVALID_ARGUMENT invalid argument, txn_id=-1 db_id=-1'],
  [{ txnId: -3n, dbId: -4n }, 'INVALID_ARGUMENT invalid argument, txn_id=-3 db_id=-4'],
  [{ dbId: DB }, 'TXN_ID_NOT_FOUND failed to get db id with db_id=7 txn_id=-1 err=KeyNotFound'],
  [{ dbId: DB, txnId: 7n }, 'TXN_ID_NOT_FOUND failed to get db id with db_id=7 txn_id=7 err=KeyNotFound'],
  [{ dbId: 0n, txnId: 7n }, 'TXN_ID_NOT_FOUND failed to get db id with db_id=0 txn_id=7 err=KeyNotFound'],
  [{ txnId: 7n }, 'TXN_ID_NOT_FOUND failed to get db id with txn_id=7 err=KeyNotFound'],
  [{ txnId: 2n ** 63n - 1n }, 'TXN_ID_NOT_FOUND failed to get db id with txn_id=9223372036854775807 err=KeyNotFound'],
])('refuses %o', async (request, expected) => {
  await txns.begun();
  expect((await txns.refused(rpc.precommit_txn, request)).said).toBe(expected);
});

test('refuses the right transaction of another database, and callers that nobody knows', async () => {
  const txnId = await txns.begun();
  const { said } = await txns.refused(rpc.precommit_txn, { dbId: DB + 1n, txnId });
  expect(said).toBe(`TXN_ID_NOT_FOUND failed to get db id with db_id=8 txn_id=${txnId} err=KeyNotFound`);
  const unknown = 'INVALID_ARGUMENT cannot find instance_id with cloud_unique_id=1:nobody:be txn_id=7';
  expect(await precommit({ cloudUniqueId: '1:nobody:be', txnId: 7n })).toBe(unknown);
});

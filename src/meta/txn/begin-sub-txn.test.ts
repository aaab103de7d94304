import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { CALLER, DB, INSTANCE, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { fieldsOfTxn } from './txn-record.ts';

let domain: Domain;
let txns: TestTxns;
let txnId: bigint;
beforeEach(async () => {
  domain = await openDomain();
  txns = await testTxns(domain);
  txnId = await txns.begun();
});
afterEach(() => domain.dispose());

const beginRequest = (more: object = {}) => ({
  txnId,
  subTxnNum: 0n,
  dbId: DB,
  tableIds: [1n, 3n],
  label: 's',
  ...more,
});
const abortRequest = (more: object = {}) => ({ txnId, subTxnId: 5n, subTxnNum: 1n, dbId: DB, tableIds: [4n], ...more });

async function begun(more: object = {}) {
  const response = await domain.call(rpc.begin_sub_txn, { ...CALLER, ...beginRequest(more) });
  expect(response.status).toMatchObject({ code: MetaServiceCode.OK, msg: '' });
  return response;
}

test('a sub transaction has an id of its own, without a database, and its tables become those of the transaction', async () => {
  const first = await begun();
  const second = await begun({ subTxnNum: 1n, tableIds: [1n, 3n, 1n] });
  expect(second.subTxnId).toBeGreaterThan(first.subTxnId);
  expect(first.subTxnId).toBeGreaterThan(txnId);
  const stored = await txns.stored(txnId);
  expect(second.txnInfo).toEqual(stored);
  expect(stored).toMatchObject({ subTxnIds: [first.subTxnId, second.subTxnId], tableIds: [1n, 3n, 1n], label: 'l' });
  const refused = await txns.refused(rpc.get_txn, { txnId: first.subTxnId });
  expect(refused.said).toBe('UNDEFINED_ERR internal error: unexpected db_id 0');
});

test('what conflicts with it stays what conflicted with the transaction when it began', async () => {
  await begun();
  const fields = fieldsOfTxn(INSTANCE, { dbId: DB, txnId });
  const running = await domain.store.transact((txn) => readRecord(txn, keys.txnRunning, fields));
  expect(running?.tableIds).toEqual([1n, 2n]);
});

test.each(['l', 'other', 'new'])('no label is taken or lost by one that is called %s', async (label) => {
  const other = await txns.begun({ label: 'other' });
  await begun({ label });
  const idOf = async (of: string) => (await domain.call(rpc.get_txn_id, { ...CALLER, dbId: DB, label: of })).txnId;
  expect([await idOf('l'), await idOf('other')]).toEqual([txnId, other]);
  expect((await txns.refused(rpc.get_txn_id, { dbId: DB, label: 'new' })).said).toBe('TXN_ID_NOT_FOUND ');
});

test('many that begin at once with one count are one', async () => {
  const requests = Array.from({ length: 6 }, () => domain.call(rpc.begin_sub_txn, { ...CALLER, ...beginRequest() }));
  const codes = (await Promise.all(requests)).map(({ status }) => status.code);
  expect(codes.filter((code) => code === MetaServiceCode.OK)).toHaveLength(1);
  expect(codes.filter((code) => code === MetaServiceCode.UNDEFINED_ERR)).toHaveLength(5);
  expect((await txns.stored(txnId))?.subTxnIds).toHaveLength(1);
});

test('one that is given up still counts, and the transaction has the tables of the request, or none', async () => {
  const { subTxnId } = await begun();
  const { txnInfo } = await domain.call(rpc.abort_sub_txn, { ...CALLER, ...abortRequest({ subTxnId }) });
  expect(txnInfo).toMatchObject({ subTxnIds: [subTxnId], tableIds: [4n] });
  expect(await txns.stored(txnId)).toEqual(txnInfo);
  // The reference doesn't look whether the sub transaction is one of this transaction.
  expect(await domain.status(rpc.abort_sub_txn, { ...CALLER, ...abortRequest({ tableIds: [] }) })).toBe('OK');
  expect((await txns.stored(txnId))?.tableIds).toEqual([]);
});

describe('refuses', () => {
  test('another number of sub transactions than there are, and says which there are', async () => {
    const { subTxnId } = await begun();
    const list = `txn_info.sub_txn_ids=[${subTxnId}, ]`;
    const begin = await txns.refused(rpc.begin_sub_txn, beginRequest({ subTxnNum: 7n }));
    expect(begin.said).toBe(`UNDEFINED_ERR sub_txn_num mismatch, txn_id=${txnId}, expected sub_txn_num=7, ${list}`);
    const abort = await txns.refused(rpc.abort_sub_txn, abortRequest({ subTxnNum: 0n }));
    const which = `txn_id=${txnId}, sub_txn_id=5, expected sub_txn_num=0`;
    expect(abort.said).toBe(`UNDEFINED_ERR sub_txn_num mismatch, ${which}, ${list}`);
    for (const { txnInfo } of [begin.response, abort.response]) expect(txnInfo).toEqual(await txns.stored(txnId));
    expect(Object.hasOwn(begin.response, 'subTxnId')).toBe(false);
  });

  test.each([
    TxnStatus.TXN_STATUS_PRECOMMITTED,
    TxnStatus.TXN_STATUS_COMMITTED,
    TxnStatus.TXN_STATUS_VISIBLE,
    TxnStatus.TXN_STATUS_ABORTED,
  ])('a transaction in state %s', async (status) => {
    await txns.setStatus(txnId, status);
    const why = `TXN_INVALID_STATUS transaction status is ${status} : db_id=7 txn_id=${txnId}`;
    expect((await txns.refused(rpc.begin_sub_txn, beginRequest())).said).toBe(why);
    expect((await txns.refused(rpc.abort_sub_txn, abortRequest())).said).toBe(`${why} sub_txn_id=5`);
  });

  test.each([
    [{ txnId: 9n }, 'db_id=7 txn_id=9'],
    [{ txnId: 9n, dbId: 0n }, 'db_id=0 txn_id=9'],
  ])('a transaction that there is not: %o', async (more, where) => {
    const why = `TXN_ID_NOT_FOUND failed to get txn_info, ${where}`;
    expect((await txns.refused(rpc.begin_sub_txn, beginRequest(more))).said).toBe(`${why} err=KeyNotFound`);
    expect((await txns.refused(rpc.abort_sub_txn, abortRequest(more))).said).toBe(
      `${why} sub_txn_id=5 err=KeyNotFound`,
    );
  });

  test.each(['txnId', 'subTxnNum', 'dbId', 'tableIds', 'label'])('to begin without %s', async (field) => {
    const without = field === 'tableIds' ? { tableIds: [] } : { [field]: undefined };
    const { said } = await txns.refused(rpc.begin_sub_txn, beginRequest({ txnId: 9n, ...without }));
    const text = (name: string, value: string, none: string) => (field === name ? none : value);
    const ids = `txn_id=${text('txnId', '9', '-1')}, sub_txn_num=${text('subTxnNum', '0', '-1')} db_id=${text('dbId', '7', '-1')}`;
    const rest = `label=${text('label', 's', '')}, table_ids=${text('tableIds', '[1, 3, ]', '[]')}`;
    expect(said).toBe(`INVALID_ARGUMENT invalid argument, ${ids}, ${rest}`);
  });

  test.each(['txnId', 'subTxnId', 'subTxnNum', 'dbId'])('to give up without %s', async (field) => {
    for (const value of [undefined, -3n]) {
      const { said } = await txns.refused(rpc.abort_sub_txn, abortRequest({ txnId: 9n, [field]: value }));
      const text = (name: string, given: string) => (field === name ? String(value ?? -1n) : given);
      const ids = `txn_id=${text('txnId', '9')}, sub_txn_id=${text('subTxnId', '5')}`;
      const more = `sub_txn_num=${text('subTxnNum', '1')} db_id=${text('dbId', '7')}, table_ids=[4, ]`;
      expect(said).toBe(`INVALID_ARGUMENT invalid argument, ${ids}, ${more}`);
    }
  });

  test('callers that nobody knows', async () => {
    const unknown = 'INVALID_ARGUMENT cannot find instance_id with cloud_unique_id=1:nobody:be';
    const caller = { cloudUniqueId: '1:nobody:be' };
    expect(await domain.status(rpc.begin_sub_txn, { ...beginRequest(), ...caller })).toBe(unknown);
    expect(await domain.status(rpc.abort_sub_txn, { ...abortRequest(), ...caller })).toBe(unknown);
  });
});

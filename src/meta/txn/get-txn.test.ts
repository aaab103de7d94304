import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { CALLER, DB, INSTANCE, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { keys } from '../../keys/key-table.ts';
import { removeRecord } from '../../records/message-record.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { fieldsOfTxn } from './txn-record.ts';

let domain: Domain;
let txns: TestTxns;
let aborted: bigint;
let visible: bigint;
beforeEach(async () => {
  domain = await openDomain();
  txns = await testTxns(domain);
  aborted = await txns.begun();
  await txns.setStatus(aborted, TxnStatus.TXN_STATUS_ABORTED);
  visible = await txns.begun();
  await txns.setStatus(visible, TxnStatus.TXN_STATUS_VISIBLE);
});
afterEach(() => domain.dispose());

const lose = (txnId: bigint) =>
  domain.store.transact(async (txn) => removeRecord(txn, keys.txnInfo, fieldsOfTxn(INSTANCE, { dbId: DB, txnId })));

describe('get_txn', () => {
  const got = async (request: object) => (await domain.call(rpc.get_txn, { ...CALLER, ...request })).txnInfo?.txnId;
  const refused = async (request: object) => (await txns.refused(rpc.get_txn, request)).said;

  test('finds a transaction by its id, with and without its database', async () => {
    const { txnInfo } = await domain.call(rpc.get_txn, { ...CALLER, txnId: visible });
    expect(txnInfo).toEqual(await txns.stored(visible));
    expect(await got({ dbId: DB, txnId: visible })).toBe(visible);
    expect(await got({ dbId: -1n, txnId: visible })).toBe(visible);
  });

  test('finds the newest of a label and the id that is given besides', async () => {
    const later = await txns.begun({ label: 'later' });
    expect(await got({ dbId: DB, label: 'l' })).toBe(visible);
    expect(await got({ dbId: DB, label: 'l', txnId: aborted })).toBe(visible);
    expect(await got({ dbId: DB, label: 'l', txnId: later })).toBe(later);
  });

  test('finds one of database 0 only when that is named', async () => {
    const txnId = await txns.begun({ dbId: 0n });
    expect(await refused({ txnId })).toBe('UNDEFINED_ERR internal error: unexpected db_id 0');
    expect(await got({ dbId: 0n, txnId })).toBe(txnId);
  });

  test.each([
    [{}, 'INVALID_ARGUMENT invalid txn_id, it may be not given or set properly, txn_id=-1'],
    [{ dbId: DB, txnId: -2n }, 'INVALID_ARGUMENT invalid txn_id, it may be not given or set properly, txn_id=-2'],
    [{ label: 'l' }, 'TXN_ID_NOT_FOUND Label [l] has not found'],
    [{ label: 'none', dbId: DB }, 'TXN_ID_NOT_FOUND Label [none] has not found'],
    [{ label: 'l', dbId: 8n }, 'TXN_ID_NOT_FOUND Label [l] has not found'],
    [{ txnId: 9n }, 'TXN_ID_NOT_FOUND failed to get db id with txn_id=9 err=KeyNotFound'],
    [{ txnId: 0n }, 'TXN_ID_NOT_FOUND failed to get db id with txn_id=0 err=KeyNotFound'],
    [{ txnId: 9n, dbId: DB }, 'TXN_ID_NOT_FOUND failed to get db id with db_id=7 txn_id=9 err=KeyNotFound'],
    [{ cloudUniqueId: '1:no:be', txnId: 9n }, 'INVALID_ARGUMENT cannot find instance_id with cloud_unique_id=1:no:be'],
  ])('finds nothing by %o', async (request, expected) => {
    expect(await refused(request)).toBe(expected);
  });
});

describe('get_txn_id', () => {
  const { TXN_STATUS_ABORTED: ABORTED, TXN_STATUS_VISIBLE: VISIBLE, TXN_STATUS_PREPARED: PREPARED } = TxnStatus;
  const got = async (request: object) =>
    (await domain.call(rpc.get_txn_id, { ...CALLER, dbId: DB, label: 'l', ...request })).txnId;
  const refused = async (request: object) => (await txns.refused(rpc.get_txn_id, request)).said;

  test('answers the newest of a label, or the oldest in one of the states', async () => {
    expect(await got({})).toBe(visible);
    expect(await got({ txnStatus: [ABORTED] })).toBe(aborted);
    expect(await got({ txnStatus: [VISIBLE] })).toBe(visible);
    expect(await got({ txnStatus: [PREPARED, VISIBLE, ABORTED] })).toBe(aborted);
  });

  test('answers nothing for states that none is in, and for labels that were not used', async () => {
    const none = 'TXN_ID_NOT_FOUND transaction not found, label=l';
    expect(await refused({ dbId: DB, label: 'l', txnStatus: [PREPARED] })).toBe(none);
    expect(await refused({ dbId: DB, label: 'none' })).toBe('TXN_ID_NOT_FOUND ');
    expect(await refused({ dbId: 8n, label: 'l' })).toBe('TXN_ID_NOT_FOUND ');
    expect(await refused({ dbId: DB })).toBe('TXN_ID_NOT_FOUND ');
    expect(await refused({ label: 'l' })).toBe('INVALID_ARGUMENT missing db id');
  });

  test('says which transaction is lost, where one is', async () => {
    await lose(aborted);
    const lost = `TXN_ID_NOT_FOUND txn->get() failed, cur_txn_id=${aborted} label=l err=KeyNotFound`;
    expect(await refused({ dbId: DB, label: 'l', txnStatus: [VISIBLE] })).toBe(lost);
    expect(await got({})).toBe(visible);
  });
});

describe('get_current_max_txn_id', () => {
  const max = async () => (await domain.call(rpc.get_current_max_txn_id, CALLER)).currentMaxTxnId;

  test('is above every transaction so far, below the next, and stands still in between', async () => {
    const now = await max();
    expect(now).toBeGreaterThan(visible);
    expect(await max()).toBe(now);
    expect(now & 1023n).toBe(0n);
    const next = await txns.begun({ label: 'next' });
    expect(next).toBeGreaterThan(now);
    expect(await max()).toBeGreaterThan(next);
  });

  test('is for known callers', async () => {
    for (const cloudUniqueId of ['', '1:nobody:be']) {
      const status = await domain.status(rpc.get_current_max_txn_id, { cloudUniqueId });
      expect(status).toBe('INVALID_ARGUMENT empty instance_id');
    }
  });
});

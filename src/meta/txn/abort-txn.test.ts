import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { CALLER, DB, INSTANCE, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, recordExists } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { TxnInfoPBSchema, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { fieldsOfTxn, findDbOfTxn } from './txn-record.ts';

let domain: Domain;
let txns: TestTxns;
beforeEach(async () => {
  domain = await openDomain({ now: () => 2_000 });
  txns = await testTxns(domain);
});
afterEach(() => domain.dispose());

/** Aborts, and answers the transaction as the response has it. */
async function aborted(request: object) {
  const { status, txnInfo } = await domain.call(rpc.abort_txn, { ...CALLER, ...request });
  expect([status.code, status.msg]).toEqual([MetaServiceCode.OK, '']);
  return txnInfo;
}

test('an aborted transaction runs no more and may be recycled', async () => {
  const txnId = await txns.begun();
  const txnInfo = await aborted({ txnId });
  const ended = { status: TxnStatus.TXN_STATUS_ABORTED, finishTime: 2_000_000n, reason: 'User Abort' };
  expect(txnInfo).toMatchObject({ txnId, label: 'l', ...ended });
  expect(await txns.stored(txnId)).toEqual(txnInfo);
  await domain.store.transact(async (txn) => {
    const fields = fieldsOfTxn(INSTANCE, { dbId: DB, txnId });
    expect(await recordExists(txn, keys.txnRunning, fields)).toBe(false);
    expect(await readRecord(txn, keys.recycleTxn, fields)).toMatchObject({ creationTime: 2_000_000n, label: 'l' });
    expect(await findDbOfTxn(txn, INSTANCE, txnId)).toBe(DB);
  });
});

test('the reason and the attachment of the request are kept, also an empty reason', async () => {
  const commitAttachment = { loadJobFinalOperation: { id: 3n } };
  const withReason = await aborted({ txnId: await txns.begun(), reason: 'no space left', commitAttachment });
  expect(withReason).toMatchObject({ reason: 'no space left', commitAttachment });
  expect((await aborted({ txnId: await txns.begun(), reason: '' }))?.reason).toBe('');
});

test('a refusal answers the transaction without the attachment of the request', async () => {
  const txnId = await txns.begun();
  const kept = { loadJobFinalOperation: { id: 3n } };
  await aborted({ txnId, commitAttachment: kept });
  const again = { ...CALLER, txnId, commitAttachment: { loadJobFinalOperation: { id: 4n } } };
  const { status, txnInfo } = await domain.call(rpc.abort_txn, again);
  expect(status.code).toBe(MetaServiceCode.TXN_ALREADY_ABORTED);
  expect(txnInfo?.commitAttachment).toMatchObject(kept);
});

test.each([TxnStatus.TXN_STATUS_PREPARED, TxnStatus.TXN_STATUS_PRECOMMITTED])(
  'state %s is left by id and by label',
  async (status) => {
    for (const by of [(txnId: bigint) => ({ txnId, dbId: DB }), () => ({ dbId: DB, label: 'l' })]) {
      const txnId = await txns.begun();
      await txns.setStatus(txnId, status);
      expect((await aborted(by(txnId)))?.txnId).toBe(txnId);
    }
  },
);

test('a label that was used again means the newest; an id of 0 or below means the label', async () => {
  await aborted({ txnId: await txns.begun() });
  const newest = await txns.begun();
  expect((await aborted({ dbId: DB, label: 'l', txnId: -4n }))?.txnId).toBe(newest);
  const next = await txns.begun();
  expect((await aborted({ dbId: DB, label: 'l', txnId: 0n }))?.txnId).toBe(next);
});

test('an id counts more than a label', async () => {
  const [one] = [await txns.begun(), await txns.begun({ label: 'other' })];
  expect((await aborted({ dbId: DB, label: 'other', txnId: one }))?.txnId).toBe(one);
});

describe('a transaction that is over, or about to be visible', () => {
  test.each([
    [TxnStatus.TXN_STATUS_ABORTED, 'TXN_ALREADY_ABORTED', 'aborted'],
    [TxnStatus.TXN_STATUS_VISIBLE, 'TXN_ALREADY_VISIBLE', 'VISIBLE'],
    [TxnStatus.TXN_STATUS_COMMITTED, 'TXN_INVALID_STATUS', 'COMMITTED'],
  ])('stays in state %s, and is answered', async (status, code, word) => {
    const txnId = await txns.begun();
    await txns.setStatus(txnId, status);
    const stored = await txns.stored(txnId);
    const byId = await txns.refused(rpc.abort_txn, { txnId, reason: 'late' });
    expect(byId.said).toBe(`${code} transaction [${txnId}] is already ${word}, db_id=7`);
    expect(byId.response.txnInfo).toEqual(stored);
    const byLabel = await txns.refused(rpc.abort_txn, { dbId: DB, label: 'l' });
    expect(byLabel.said).toBe('TXN_INVALID_STATUS running transaction not found, db_id=7 label=l');
    expect(byLabel.response.txnInfo).toEqual(create(TxnInfoPBSchema));
  });
});

describe('refuses', () => {
  const invalid = (what: string) => `INVALID_ARGUMENT invalid txn id and label, ${what}`;
  test.each([
    [{}, invalid('db_id=-1 txn_id=-1 label=')],
    [{ label: 'l' }, invalid('db_id=-1 txn_id=-1 label=l')],
    [{ label: 'l', dbId: -1n }, invalid('db_id=-1 txn_id=-1 label=l')],
    [{ dbId: DB }, invalid('db_id=7 txn_id=-1 label=')],
    [{ dbId: DB, txnId: -4n }, invalid('db_id=7 txn_id=-4 label=')],
  ])('%o, and says nothing of a transaction', async (request, expected) => {
    const { said, response } = await txns.refused(rpc.abort_txn, request);
    expect(said).toBe(expected);
    expect(response.txnInfo).toBeUndefined();
  });

  test.each([
    [{ txnId: 0n }, 'KV_TXN_GET_ERR txn->get() failed, label= err=KeyNotFound'],
    [{ dbId: DB, label: 'none' }, 'KV_TXN_GET_ERR txn->get() failed, label=none err=KeyNotFound'],
    [{ dbId: 8n, label: 'l' }, 'KV_TXN_GET_ERR txn->get() failed, label=l err=KeyNotFound'],
    [{ txnId: 9n }, 'TXN_ID_NOT_FOUND transaction [9] not found'],
    [{ txnId: 9n, dbId: 0n }, 'TXN_ID_NOT_FOUND transaction [9] not found'],
    [{ txnId: 9n, dbId: DB }, 'TXN_ID_NOT_FOUND failed to get txn_info, db_id=7txn_id=9err=KeyNotFound'],
    [{ txnId: 9n, dbId: -1n }, 'TXN_ID_NOT_FOUND failed to get txn_info, db_id=-1txn_id=9err=KeyNotFound'],
  ])('%o, with an empty transaction', async (request, expected) => {
    await txns.begun();
    const { said, response } = await txns.refused(rpc.abort_txn, request);
    expect(said).toBe(expected);
    expect(response.txnInfo).toEqual(create(TxnInfoPBSchema));
  });

  test('a caller that nobody knows', async () => {
    const unknown = 'INVALID_ARGUMENT cannot find instance_id with cloud_unique_id=(empty) label=l txn_id=9';
    expect(await domain.status(rpc.abort_txn, { txnId: 9n, label: 'l' })).toBe(unknown);
  });
});

test('the tool takes an id, or a label in its database, and has errors in the form of the other tools', async () => {
  const { cloudUniqueId: cloud_unique_id } = CALLER;
  const txn_id = String(await txns.begun());
  const body = { cloud_unique_id, txn_id };
  expect(await domain.admin('abort_txn', body)).toEqual({
    status: 200,
    code: 'OK',
    msg: '',
  });
  const again = `transaction [${txn_id}] is already aborted, db_id=7`;
  expect(await domain.admin('abort_txn', body)).toEqual({ status: 500, code: 'INTERNAL_ERROR', msg: again });
});

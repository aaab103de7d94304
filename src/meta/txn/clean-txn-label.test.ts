import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { CALLER, DB, INSTANCE, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { keys } from '../../keys/key-table.ts';
import { removeRecord } from '../../records/message-record.ts';
import { writeRecordWithStamp } from '../../records/stamped-record.ts';
import { TxnLabelPBSchema, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { fieldsOfTxn } from './txn-record.ts';

let domain: Domain;
let txns: TestTxns;
beforeEach(async () => {
  domain = await openDomain();
  txns = await testTxns(domain);
});
afterEach(() => domain.dispose());

const clean = (request: object) => domain.status(rpc.clean_txn_label, { ...CALLER, ...request });

async function aborted(label: string, dbId = DB): Promise<bigint> {
  const txnId = await txns.begun({ label, dbId });
  await domain.call(rpc.abort_txn, { ...CALLER, txnId, dbId });
  return txnId;
}

test('leaves nothing of the finished transactions of a label, which is then free', async () => {
  const before = await txns.dump();
  for (let i = 0; i < 3; i++) await aborted('l');
  expect(await clean({ dbId: DB, labels: ['l'] })).toBe('OK');
  expect(await txns.dump()).toEqual(before);
  const visible = await txns.begun();
  await txns.setStatus(visible, TxnStatus.TXN_STATUS_VISIBLE);
  expect(await clean({ dbId: DB, labels: ['l'] })).toBe('OK');
  expect(await txns.stored(visible)).toBeUndefined();
  expect(await txns.begun()).toBeGreaterThan(visible);
});

test.each([TxnStatus.TXN_STATUS_PREPARED, TxnStatus.TXN_STATUS_PRECOMMITTED, TxnStatus.TXN_STATUS_COMMITTED])(
  'keeps a transaction in state %s, and its label',
  async (status) => {
    const gone = await aborted('l');
    const kept = await txns.begun();
    await txns.setStatus(kept, status);
    expect(await clean({ dbId: DB, labels: ['l'] })).toBe('OK');
    expect(await txns.stored(gone)).toBeUndefined();
    expect((await txns.stored(kept))?.status).toBe(status);
    const { txnId } = await domain.call(rpc.get_txn_id, { ...CALLER, dbId: DB, label: 'l', txnStatus: [status] });
    expect(txnId).toBe(kept);
    const before = await txns.dump();
    expect(await clean({ dbId: DB, labels: ['l'] })).toBe('OK');
    expect(await txns.dump()).toEqual(before);
  },
);

test('of several labels takes the first, and an empty one for a label that nobody has', async () => {
  const [first, second] = [await aborted('first'), await aborted('second')];
  expect(await clean({ dbId: DB, labels: [''] })).toBe('OK');
  expect(await clean({ dbId: DB, labels: ['first', 'second'] })).toBe('OK');
  expect(await txns.stored(first)).toBeUndefined();
  expect(await txns.stored(second)).toBeDefined();
});

test('without a label cleans the database, and no other', async () => {
  const before = await txns.dump();
  const kept = await Promise.all([DB - 1n, DB + 1n].map((dbId) => txns.begun({ label: 'l', dbId })));
  for (const [i, txnId] of kept.entries())
    await domain.call(rpc.abort_txn, { ...CALLER, txnId, dbId: i === 0 ? 6n : 8n });
  const others = await txns.dump();
  for (const label of ['a', 'l', '标签', '\u{10ffff}']) await aborted(label);
  expect(await clean({ dbId: DB })).toBe('OK');
  expect(await txns.dump()).toEqual(others);
  expect(others.length).toBeGreaterThan(before.length);
});

test('cleans more labels than one step takes', async () => {
  const before = await txns.dump();
  const labels = Array.from({ length: 600 }, (_, i) => `l${i}`);
  await Promise.all(labels.map((label) => aborted(label)));
  for (let i = 0; i < 3; i++) await aborted('l5');
  const running = await txns.begun({ label: 'l300' });
  expect(await clean({ dbId: DB })).toBe('OK');
  expect(await txns.stored(running)).toBeDefined();
  await domain.call(rpc.abort_txn, { ...CALLER, txnId: running });
  expect(await clean({ dbId: DB })).toBe('OK');
  expect(await txns.dump()).toEqual(before);
});

test('cleans labels that were used more often than one step takes', async () => {
  const before = await txns.dump();
  await domain.store.transact(async (txn) => {
    for (const label of ['a', 'b', 'c', 'd']) {
      const txnIds = Array.from({ length: 300 }, (_, i) => BigInt(i + 1));
      const value = { message: create(TxnLabelPBSchema, { txnIds }), stamp: Buffer.alloc(10) };
      writeRecordWithStamp(txn, keys.txnLabel, { instance_id: INSTANCE, db_id: DB, label }, value);
    }
  });
  expect(await clean({ dbId: DB })).toBe('OK');
  expect(await txns.dump()).toEqual(before);
});

test('forgets the ids of sub transactions, and not those of transactions that were called so', async () => {
  const before = await txns.dump();
  const other = await txns.begun({ label: 'other' });
  const withOther = await txns.dump();
  const txnId = await txns.begun({ subTxnIds: [other, 5n] });
  const sub = { ...CALLER, dbId: DB, txnId, subTxnNum: 2n, tableIds: [1n], label: 's' };
  expect(await domain.status(rpc.begin_sub_txn, sub)).toBe('OK');
  await domain.call(rpc.abort_txn, { ...CALLER, txnId });
  expect(await clean({ dbId: DB, labels: ['l'] })).toBe('OK');
  expect(await txns.dump()).toEqual(withOther);
  expect(withOther).not.toEqual(before);
});

test('frees a label whose transactions are lost', async () => {
  const before = await txns.dump();
  const txnId = await txns.begun();
  await domain.store.transact(async (txn) => {
    const fields = fieldsOfTxn(INSTANCE, { dbId: DB, txnId });
    removeRecord(txn, keys.txnInfo, fields);
    removeRecord(txn, keys.txnRunning, fields);
  });
  expect(await clean({ dbId: DB, labels: ['l'] })).toBe('OK');
  expect(await txns.dump()).toEqual(before);
});

test('is content with a label or a database that was never used, and refuses none at all', async () => {
  expect(await clean({ dbId: DB, labels: ['none'] })).toBe('OK');
  for (const dbId of [0n, -1n, 2n ** 63n - 1n]) expect(await clean({ dbId })).toBe('OK');
  const { said } = await txns.refused(rpc.clean_txn_label, { labels: ['l'] });
  expect(said).toBe('INVALID_ARGUMENT missing db id');
});

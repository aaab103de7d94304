import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { runSweep } from '../../../test/support/recycler/sweep-context.ts';
import { CALLER, DB, INSTANCE, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { keys } from '../../keys/key-table.ts';
import { findLabel } from '../../meta/txn/txn-label.ts';
import { removeRecord, writeRecord } from '../../records/message-record.ts';
import { RecycleTxnPBSchema } from '../../schema/gen/cloud/txn_pb.ts';
import { recycleExpiredTxnLabel } from './recycle-expired-txn-label.ts';

const KEEP_S = 100;

let domain: Domain;
let txns: TestTxns;
let now_s: number;
beforeEach(async () => {
  now_s = 1_800_000_000;
  domain = await openDomain({ now: () => now_s });
  txns = await testTxns(domain);
});
afterEach(() => domain.dispose());

const sweep = (more = {}) =>
  runSweep(recycleExpiredTxnLabel, domain, { settings: { label_keep_max_second: KEEP_S }, ...more });
const fieldsOf = (txn_id: bigint) => ({ instance_id: INSTANCE, db_id: DB, txn_id });
const label = (text = 'l') => domain.store.transact((txn) => findLabel(txn, INSTANCE, DB, text));
const labelled = async (text = 'l') => (await label(text))?.message.txnIds;

async function aborted(text = 'l'): Promise<bigint> {
  const txnId = await txns.begun({ label: text });
  expect(await domain.status(rpc.abort_txn, { ...CALLER, txnId })).toBe('OK');
  return txnId;
}

test('leaves nothing of transactions that finished long enough ago, sub transactions and labels included', async () => {
  const before = await txns.dump();
  await aborted();
  const txnId = await txns.begun();
  const sub = { ...CALLER, txnId, dbId: DB, label: 's', tableIds: [1n] };
  for (const subTxnNum of [0n, 1n]) expect(await domain.status(rpc.begin_sub_txn, { ...sub, subTxnNum })).toBe('OK');
  expect(await domain.status(rpc.commit_txn, { ...CALLER, txnId, dbId: DB })).toBe('OK');
  now_s += KEEP_S - 1;
  expect((await sweep()).progress.numbers).toMatchObject({ scanned: 2, found: 0, deleted: 0 });
  now_s += 1;
  expect((await sweep()).progress.numbers).toMatchObject({ scanned: 2, found: 2, deleted: 2, failed: 0 });
  const left = (await txns.dump()).filter((pair) => !before.includes(pair));
  const counters = keys.tableVersion.prefix({ instance_id: INSTANCE }).toString('hex');
  expect(left.filter((pair) => !pair.startsWith(counters))).toEqual([]);
  expect(await txns.begun()).toBeGreaterThan(txnId);
});

test('keeps in a label, with its stamp, the transactions that are not due', async () => {
  const first = await aborted();
  now_s += KEEP_S / 2;
  const second = await aborted();
  const live = await txns.begun();
  const stamp = (await label())?.stamp;
  now_s += KEEP_S / 2;
  await sweep();
  expect(await txns.stored(first)).toBeUndefined();
  expect(await label()).toMatchObject({ message: { txnIds: [second, live] }, stamp });
  now_s += KEEP_S;
  await sweep();
  expect(await labelled()).toEqual([live]);
  expect(await txns.stored(live)).toBeDefined();
});

test('forgets at once what says so, and with force_immediate_recycle all that is finished', async () => {
  const immediate = await aborted('a');
  const kept = await aborted('b');
  const live = await txns.begun({ label: 'c' });
  const record = create(RecycleTxnPBSchema, { label: 'a', immediate: true, creationTime: BigInt(now_s * 1000) });
  await domain.store.transact(async (txn) => writeRecord(txn, keys.recycleTxn, fieldsOf(immediate), record));
  await sweep();
  expect([await labelled('a'), await labelled('b')]).toEqual([undefined, [kept]]);
  await sweep({ settings: { label_keep_max_second: KEEP_S, force_immediate_recycle: true } });
  expect([await labelled('b'), await labelled('c')]).toEqual([undefined, [live]]);
});

test('leaves what is not finished after all, and what can not be read, and goes on', async () => {
  const live = await txns.begun({ label: 'a' });
  const unreadable = await aborted('b');
  const badLabel = await aborted('c');
  const due = await aborted('d');
  await domain.store.transact(async (txn) => {
    writeRecord(txn, keys.recycleTxn, fieldsOf(live), create(RecycleTxnPBSchema, { label: 'a', creationTime: 1n }));
    txn.set(keys.recycleTxn.encode(fieldsOf(unreadable)), Buffer.from([0xff]));
    txn.set(keys.txnLabel.encode({ instance_id: INSTANCE, db_id: DB, label: 'c' }), Buffer.from([1]));
  });
  now_s += KEEP_S;
  const { progress } = await sweep();
  expect(progress.numbers).toMatchObject({ scanned: 4, found: 3, deleted: 1, failed: 3 });
  expect(await labelled('a')).toEqual([live]);
  expect(await txns.stored(badLabel)).toBeDefined();
  expect(await txns.stored(unreadable)).toBeDefined();
  expect(await txns.stored(due)).toBeUndefined();
});

test('of a transaction whose record is lost removes the rest', async () => {
  const lost = await aborted();
  const live = await txns.begun();
  await domain.store.transact(async (txn) => removeRecord(txn, keys.txnInfo, fieldsOf(lost)));
  now_s += KEEP_S;
  expect((await sweep()).progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
  expect(await labelled()).toEqual([live]);
});

test('does not touch the ids of other transactions that were named as sub transactions', async () => {
  const other = await txns.begun({ label: 'other' });
  const txnId = await txns.begun({ label: 'l', subTxnIds: [other] });
  await domain.call(rpc.abort_txn, { ...CALLER, txnId });
  now_s += KEEP_S;
  await sweep();
  expect(await txns.stored(txnId)).toBeUndefined();
  expect(await domain.status(rpc.abort_txn, { ...CALLER, txnId: other })).toBe('OK');
});

test('in a dry run says what would go, and writes nothing', async () => {
  await aborted();
  now_s += KEEP_S;
  const before = await domain.version();
  const { planned, progress } = await sweep({ dry_run: true });
  expect(planned).toEqual([{ what: expect.stringMatching(/^01/), why: expect.stringContaining('label_keep') }]);
  expect(progress.numbers).toMatchObject({ found: 1, deleted: 0 });
  expect(await domain.version()).toBe(before);
});

test('two at a time forget each once', async () => {
  for (let i = 0; i < 250; i++) await aborted(`label ${i}`);
  now_s += KEEP_S;
  const both = await Promise.all([sweep(), sweep()]);
  const deleted = both.map(({ progress }) => progress.numbers.deleted).reduce((a, b) => a + b);
  expect(deleted).toBe(250);
  expect(both.map(({ progress }) => progress.numbers.failed)).toEqual([0, 0]);
});

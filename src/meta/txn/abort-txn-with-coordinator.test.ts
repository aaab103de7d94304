import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { CALLER, DB, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { TxnSourceTypePB as Source, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';

const BACKEND = { sourceType: Source.TXN_SOURCE_TYPE_BE, id: 3n, ip: '10.0.0.1', startTime: 100n };
const RESTARTED = { id: 3n, ip: '10.0.0.1', startTime: 101n };

let domain: Domain;
let txns: TestTxns;
beforeEach(async () => {
  domain = await openDomain();
  txns = await testTxns(domain);
});
afterEach(() => domain.dispose());

const restart = (request: object = RESTARTED) =>
  domain.status(rpc.abort_txn_with_coordinator, { ...CALLER, ...request });

test('what a backend had prepared before it restarted is aborted, in all databases', async () => {
  const one = await txns.begun({ coordinator: BACKEND });
  const other = await txns.begun({ coordinator: BACKEND, dbId: 0n });
  const last = await txns.begun({ coordinator: BACKEND, dbId: 2n ** 63n - 1n });
  expect(await restart()).toBe('OK');
  for (const info of [await txns.stored(one), await txns.stored(other, 0n), await txns.stored(last, 2n ** 63n - 1n)]) {
    const ended = { status: TxnStatus.TXN_STATUS_ABORTED, reason: 'Abort because coordinate be restart/stop' };
    expect(info).toMatchObject(ended);
  }
  expect(await txns.refused(rpc.abort_txn, { txnId: one })).toMatchObject({
    said: `TXN_ALREADY_ABORTED transaction [${one}] is already aborted, db_id=${DB}`,
  });
});

test.each([
  ['another backend', { ...BACKEND, id: 4n }],
  ['another address', { ...BACKEND, ip: '10.0.0.2' }],
  ['the backend since it restarted', { ...BACKEND, startTime: 101n }],
  ['a frontend of the same id', { ...BACKEND, sourceType: Source.TXN_SOURCE_TYPE_FE }],
  ['nobody', undefined],
])('a transaction of %s goes on', async (_whose, coordinator) => {
  const txnId = await txns.begun(coordinator && { coordinator });
  const before = await txns.dump();
  expect(await restart()).toBe('OK');
  expect(await txns.dump()).toEqual(before);
  expect((await txns.stored(txnId))?.status).toBe(TxnStatus.TXN_STATUS_PREPARED);
});

test.each([
  TxnStatus.TXN_STATUS_PRECOMMITTED,
  TxnStatus.TXN_STATUS_COMMITTED,
  TxnStatus.TXN_STATUS_VISIBLE,
  TxnStatus.TXN_STATUS_ABORTED,
])('a transaction in state %s stays in it', async (status) => {
  await txns.setStatus(await txns.begun({ coordinator: BACKEND }), status);
  const before = await txns.dump();
  expect(await restart()).toBe('OK');
  expect(await txns.dump()).toEqual(before);
});

test('more than one step goes through are all aborted', async () => {
  const labels = Array.from({ length: 300 }, (_, i) => `l${i}`);
  const ids = await Promise.all(labels.map((label) => txns.begun({ label, coordinator: BACKEND })));
  expect(await restart()).toBe('OK');
  for (const id of ids) expect((await txns.stored(id))?.status).toBe(TxnStatus.TXN_STATUS_ABORTED);
});

test('another instance is left alone', async () => {
  await domain.call(rpc.create_instance, { instanceId: 'other' });
  const txnInfo = { dbId: DB, tableIds: [1n], label: 'l', timeoutMs: 1n, coordinator: BACKEND };
  const { txnId } = await domain.call(rpc.begin_txn, { cloudUniqueId: '1:other:be', txnInfo });
  expect(await restart()).toBe('OK');
  const again = await domain.call(rpc.get_txn, { cloudUniqueId: '1:other:be', dbId: DB, txnId });
  expect(again.txnInfo?.status).toBe(TxnStatus.TXN_STATUS_PREPARED);
});

test.each([{ id: 3n, ip: '10.0.0.1' }, { id: 3n, startTime: 1n }, { ip: '10.0.0.1', startTime: 1n }, {}])(
  'refuses %o',
  async (request) => {
    await txns.begun({ coordinator: BACKEND });
    const { said } = await txns.refused(rpc.abort_txn_with_coordinator, request);
    expect(said).toBe('INVALID_ARGUMENT invalid coordinate id, coordinate ip or coordinate start time.');
  },
);

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { CALLER, DB, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';

const INT64_MAX = 2n ** 63n - 1n;

let now_ms: number;
let domain: Domain;
let txns: TestTxns;
beforeEach(async () => {
  now_ms = 1_000_000;
  domain = await openDomain({ now: () => now_ms / 1000 });
  txns = await testTxns(domain);
});
afterEach(() => domain.dispose());

/** The transactions in the way, and whether there are none. */
async function conflicts(request: object = {}): Promise<[boolean, bigint[]]> {
  const { finished, conflictTxns } = await domain.call(rpc.check_txn_conflict, {
    ...CALLER,
    dbId: DB,
    endTxnId: INT64_MAX,
    tableIds: [1n],
    ...request,
  });
  return [finished, conflictTxns.map(({ txnId }) => txnId)];
}

test('a running transaction is in the way of its tables, in its database, and is answered whole', async () => {
  const txnId = await txns.begun();
  expect(await conflicts()).toEqual([false, [txnId]]);
  expect(await conflicts({ tableIds: [9n, 2n, 8n] })).toEqual([false, [txnId]]);
  expect(await conflicts({ tableIds: [3n, 4n] })).toEqual([true, []]);
  expect(await conflicts({ dbId: DB + 1n })).toEqual([true, []]);
  const { conflictTxns } = await domain.call(rpc.check_txn_conflict, {
    ...CALLER,
    dbId: DB,
    endTxnId: INT64_MAX,
    tableIds: [1n],
  });
  expect(conflictTxns).toEqual([await txns.stored(txnId)]);
});

test('only those below the end are', async () => {
  const [first, second] = [await txns.begun({ label: 'a' }), await txns.begun({ label: 'b' })];
  expect(await conflicts({ endTxnId: second })).toEqual([false, [first]]);
  expect(await conflicts({ endTxnId: second + 1n })).toEqual([false, [first, second]]);
  expect(await conflicts({ endTxnId: first })).toEqual([true, []]);
  for (const endTxnId of [0n, -1n, -INT64_MAX]) expect(await conflicts({ endTxnId })).toEqual([true, []]);
});

test('those that have timed out are not, whatever the request says of them', async () => {
  await txns.begun({ timeoutMs: 500n });
  now_ms += 500;
  expect((await conflicts())[0]).toBe(false);
  now_ms += 1;
  for (const ignoreTimeoutTxn of [true, false]) expect(await conflicts({ ignoreTimeoutTxn })).toEqual([true, []]);
});

test('precommitted ones are, until the timeout for that, and finished ones are not', async () => {
  const txnId = await txns.begun({ precommitTimeoutMs: 800n });
  now_ms += 499;
  expect(await domain.status(rpc.precommit_txn, { ...CALLER, txnId })).toBe('OK');
  now_ms += 800;
  expect(await conflicts()).toEqual([false, [txnId]]);
  now_ms += 1;
  expect(await conflicts()).toEqual([true, []]);
  const aborted = await txns.begun({ label: 'a' });
  await domain.call(rpc.abort_txn, { ...CALLER, txnId: aborted });
  expect(await conflicts()).toEqual([true, []]);
});

test('one that is committed lazily is until it is visible, whatever the time, and is brought to that', async () => {
  const txnId = await txns.begun({ timeoutMs: 500n });
  await txns.setStatus(txnId, TxnStatus.TXN_STATUS_COMMITTED);
  now_ms += 10_000;
  expect(await conflicts({ tableIds: [9n] })).toEqual([true, []]);
  expect((await txns.stored(txnId))?.status).toBe(TxnStatus.TXN_STATUS_COMMITTED);
  expect(await conflicts()).toEqual([false, [txnId]]);
  await expect.poll(() => conflicts()).toEqual([true, []]);
  expect((await txns.stored(txnId))?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
});

test('more than one step looks at are all answered, in order', async () => {
  const ids: bigint[] = [];
  for (let i = 0; i < 6; i++) {
    const labels = Array.from({ length: 100 }, (_, j) => `l${i}_${j}`);
    ids.push(...(await Promise.all(labels.map((label) => txns.begun({ label, timeoutMs: 60_000n })))));
  }
  const inOrder = ids.sort((a, b) => (a < b ? -1 : 1));
  expect(await conflicts()).toEqual([false, inOrder]);
  expect(await conflicts({ endTxnId: inOrder[300] })).toEqual([false, inOrder.slice(0, 300)]);
});

test.each([{ dbId: DB, endTxnId: 9n }, { dbId: DB, tableIds: [1n] }, { endTxnId: 9n, tableIds: [1n] }, {}])(
  'refuses %o',
  async (request) => {
    const { said, response } = await txns.refused(rpc.check_txn_conflict, request);
    expect(said).toBe('INVALID_ARGUMENT invalid db id, end txn id or table_ids.');
    expect(Object.hasOwn(response, 'finished')).toBe(false);
  },
);

test('finds a transaction in whichever unfinished state it is', async () => {
  const txnId = await txns.begun();
  for (const status of [TxnStatus.TXN_STATUS_PRECOMMITTED, TxnStatus.TXN_STATUS_COMMITTED]) {
    await txns.setStatus(txnId, status);
    expect(await conflicts()).toEqual([false, [txnId]]);
  }
});

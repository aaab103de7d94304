import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { CALLER, DB, INSTANCE, type TestTxns, testTxns } from '../../../test/support/txns.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, removeRecord } from '../../records/message-record.ts';
import { readStampedRecord } from '../../records/stamped-record.ts';
import { txnIdFromVersionstamp } from '../../records/txn-id.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { fieldsOfTxn } from './txn-record.ts';

const NOW_MS = 1_000_000n;
const INT64_MAX = 2n ** 63n - 1n;

let domain: Domain;
let txns: TestTxns;
beforeEach(async () => {
  domain = await openDomain({ now: () => Number(NOW_MS) / 1000, settings: { max_num_aborted_txn: 3 } });
  txns = await testTxns(domain);
});
afterEach(() => domain.dispose());

const labelOf = (label = 'l') =>
  domain.store.transact((txn) => readStampedRecord(txn, keys.txnLabel, { instance_id: INSTANCE, db_id: DB, label }));

const runningOf = (txnId: bigint) =>
  domain.store.transact((txn) => readRecord(txn, keys.txnRunning, fieldsOfTxn(INSTANCE, { dbId: DB, txnId })));

/** Begins, and expects a refusal: "CODE message", and the other fields of the answer. */
async function refused(more?: Parameters<TestTxns['begin']>[0]) {
  const txnInfo = { dbId: DB, tableIds: [1n, 2n], label: 'l', timeoutMs: 500n, ...more };
  const { said, response } = await txns.refused(rpc.begin_txn, { txnInfo });
  const { $typeName: _name, status: _status, ...fields } = response;
  return [said, fields];
}

test('stores the transaction, its database, that it runs, and its label', async () => {
  const requestId = { hi: 1n, lo: 2n };
  const txnId = await txns.begun({ requestId, txnId: 5n, status: TxnStatus.TXN_STATUS_VISIBLE, prepareTime: 9n });
  const info = { dbId: DB, tableIds: [1n, 2n], label: 'l', timeoutMs: 500n, requestId, txnId };
  const prepared = { status: TxnStatus.TXN_STATUS_PREPARED, prepareTime: NOW_MS };
  expect(await txns.stored(txnId)).toMatchObject({ ...info, ...prepared });
  const index = await domain.store.transact((txn) =>
    readRecord(txn, keys.txnIndex, { instance_id: INSTANCE, txn_id: txnId }),
  );
  expect(index?.tabletIndex?.dbId).toBe(DB);
  expect(await runningOf(txnId)).toMatchObject({ tableIds: [1n, 2n], timeoutTime: NOW_MS + 500n });
  const label = await labelOf();
  expect(label?.message.txnIds).toEqual([txnId]);
  expect(txnIdFromVersionstamp(label?.stamp ?? Buffer.of())).toBe(txnId);
});

test('keeps what else the client sent', async () => {
  const more = { commitTime: 3n, finishTime: 2n, precommitTime: 4n, subTxnIds: [1n], reason: 'why', listenerId: 77n };
  expect(await txns.stored(await txns.begun(more))).toMatchObject(more);
});

test.each([
  [-1000n, NOW_MS - 1000n],
  [0n, NOW_MS],
  [INT64_MAX, INT64_MAX],
  [-INT64_MAX, NOW_MS - INT64_MAX],
])('takes a timeout of %s ms', async (timeoutMs, timeoutTime) => {
  expect((await runningOf(await txns.begun({ timeoutMs })))?.timeoutTime).toBe(timeoutTime);
});

test('gives out ids that rise, below the newest that there can be', async () => {
  const ids: bigint[] = [];
  for (let i = 0; i < 5; i++) ids.push(await txns.begun({ label: `l${i}` }));
  expect(ids).toEqual([...ids].sort((a, b) => Number(a - b)));
  expect(new Set(ids).size).toBe(5);
  expect((ids.at(-1) ?? 0n) >> 10n).toBeLessThan(await domain.version());
});

describe('a label', () => {
  test('is used again by another database, and by another instance', async () => {
    const first = await txns.begun();
    await domain.call(rpc.create_instance, { instanceId: 'other' });
    const elsewhere = await txns.begun({ dbId: DB + 1n });
    const txnInfo = { dbId: DB, tableIds: [1n], label: 'l', timeoutMs: 1n };
    const other = await domain.call(rpc.begin_txn, { cloudUniqueId: '1:other:be', txnInfo });
    expect(other.status?.code).toBe(MetaServiceCode.OK);
    expect(new Set([first, elsewhere, other.txnId]).size).toBe(3);
  });

  const requestId = { hi: 11n, lo: 22n };
  test.each([
    [TxnStatus.TXN_STATUS_PREPARED, requestId, true],
    [TxnStatus.TXN_STATUS_PRECOMMITTED, requestId, true],
    [TxnStatus.TXN_STATUS_COMMITTED, requestId, false],
    [TxnStatus.TXN_STATUS_VISIBLE, requestId, false],
    [TxnStatus.TXN_STATUS_PREPARED, { hi: 11n, lo: 23n }, false],
    [TxnStatus.TXN_STATUS_PREPARED, { hi: 11n }, false],
    [TxnStatus.TXN_STATUS_PREPARED, undefined, false],
  ])('whose newest transaction is in state %s is refused to request %o', async (status, given, duplicate) => {
    const txnId = await txns.begun({ requestId });
    await txns.setStatus(txnId, status);
    const expected = duplicate
      ? [`TXN_DUPLICATED_REQ db_id=7 label=l txn_id=${txnId} dup begin txn request.`, { dupTxnId: txnId }]
      : [
          `TXN_LABEL_ALREADY_USED Label [l] has already been used, relate to txn [${txnId}], status=[${TxnStatus[status]}]`,
          { txnStatus: status },
        ];
    expect(await refused(given && { requestId: given })).toEqual(expected);
  });

  test('that neither request gives an id for is not the same request', async () => {
    const txnId = await txns.begun();
    expect((await refused())[0]).toContain(`relate to txn [${txnId}]`);
  });

  test('is free after an abort, until as many were aborted as may be', async () => {
    const ids: bigint[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push(await txns.begun());
      await txns.setStatus(ids.at(-1) ?? 0n, TxnStatus.TXN_STATUS_ABORTED);
    }
    expect((await labelOf())?.message.txnIds).toEqual(ids);
    const message = `too many aborted txn for label=l txn_id=${ids[2]}, please check your data quality`;
    expect(await refused()).toEqual([`INVALID_ARGUMENT ${message}`, {}]);
  });

  test('whose transaction is lost stays taken', async () => {
    const txnId = await txns.begun();
    const fields = fieldsOfTxn(INSTANCE, { dbId: DB, txnId });
    await domain.store.transact(async (txn) => removeRecord(txn, keys.txnInfo, fields));
    const message = `txn->get() failed, cur_txn_id=${txnId} label=l err=KeyNotFound`;
    expect(await refused()).toEqual([`TXN_ID_NOT_FOUND ${message}`, {}]);
  });

  test('that many want at once goes to one of them, and the others learn to which', async () => {
    const requestId = { hi: 5n, lo: 6n };
    const answers = await Promise.all(Array.from({ length: 8 }, () => txns.begin({ requestId })));
    const [begun, ...others] = answers.sort((a, b) => (a.status?.code ?? 0) - (b.status?.code ?? 0));
    expect(begun?.status?.code).toBe(MetaServiceCode.OK);
    expect((await labelOf())?.message.txnIds).toEqual([begun?.txnId]);
    for (const { status, dupTxnId } of others) {
      expect([status?.code, dupTxnId]).toEqual([MetaServiceCode.TXN_DUPLICATED_REQ, begun?.txnId]);
    }
  });
});

test('a begin that others overtake and abort begins under a larger id than theirs', async () => {
  const overtaking: bigint[] = [];
  const { store } = domain;
  const transactNow = store.transactNow.bind(store);
  let steps = 0;
  vi.spyOn(store, 'transactNow').mockImplementation(async (work, options) => {
    const result = await transactNow(work, options);
    // The first step finds the caller, the second makes the id.
    if (++steps === 2) {
      vi.mocked(store.transactNow).mockRestore();
      const other = await txns.begun();
      await txns.setStatus(other, TxnStatus.TXN_STATUS_ABORTED);
      overtaking.push(other);
    }
    return result;
  });
  const txnId = await txns.begun();
  expect(txnId).toBeGreaterThan(overtaking[0] ?? txnId);
  expect((await labelOf())?.message.txnIds).toEqual([...overtaking, txnId]);
});

describe('refuses', () => {
  test.each([
    [{ label: '' }, 'label= db_id=7'],
    [{ dbId: -1n }, 'label=l db_id=-1'],
    [{ dbId: -(2n ** 63n) }, `label=l db_id=${-(2n ** 63n)}`],
    [{ tableIds: [] }, 'label=l db_id=7'],
    [{ timeoutMs: undefined as unknown as bigint }, 'label=l db_id=7'],
    [{ dbId: undefined as unknown as bigint }, 'label=l db_id=-1'],
  ])('%o', async (more, what) => {
    expect(await refused(more)).toEqual([`INVALID_ARGUMENT invalid argument, ${what}`, {}]);
  });

  test('a request without a transaction, and one of a caller that nobody knows', async () => {
    const missing = 'INVALID_ARGUMENT invalid argument, missing txn info';
    expect(await domain.status(rpc.begin_txn, CALLER)).toBe(missing);
    const txnInfo = { dbId: DB, tableIds: [1n], label: 'l', timeoutMs: 1n };
    for (const cloudUniqueId of ['1:nobody:be', '']) {
      const who = `cloud_unique_id=${cloudUniqueId || '(empty)'} label=l`;
      const unknown = `INVALID_ARGUMENT cannot find instance_id with ${who}`;
      expect(await domain.status(rpc.begin_txn, { cloudUniqueId, txnInfo })).toBe(unknown);
    }
  });

  test('labels and transactions that are too large for the store, without a trace', async () => {
    const [long] = await refused({ label: 'L'.repeat(20_000) });
    expect(long).toMatch(/^INVALID_ARGUMENT A key has \d+ bytes/);
    const [large] = await refused({ tableIds: Array.from({ length: 60_000 }, (_, i) => BigInt(i)) });
    expect(large).toMatch(/^INVALID_ARGUMENT A value has \d+ bytes/);
  });
});

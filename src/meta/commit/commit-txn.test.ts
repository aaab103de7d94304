import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  A,
  B,
  begin,
  C,
  CALLER,
  commit,
  D,
  DB,
  INSTANCE,
  load,
  plantRowsets,
  plantTablets,
  rowsetAt,
  statsOf,
  tableVersionOf,
  temporaryRowsets,
  txnOf,
  versionsOf,
} from '../../../test/support/loads.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';

const START = 1_700_000_000;

let domain: Domain;
let now: number;
beforeEach(async () => {
  now = START;
  domain = await openInstance({ now: () => now });
  await plantTablets(domain.store, [A, B, C, D]);
});
afterEach(() => domain.dispose());

function stored<T>(read: (txn: Transaction) => Promise<T>): Promise<T> {
  return domain.store.transact(read);
}

describe('a commit', () => {
  test('makes each rowset visible at the next version of its partition, and counts tables and tablets', async () => {
    const txnId = await load(domain, 'l', [A, B, C, D]);
    const response = await commit(domain, { txnId, baseTabletIds: [201n, 101n, 103n, 999n] });
    expect(response).toMatchObject({
      status: { msg: '' },
      tableIds: [1n, 1n, 2n],
      partitionIds: [11n, 12n, 21n],
      versions: [2n, 2n, 2n],
      tableStats: [
        { tableId: 1n, updatedRowCount: 20n },
        { tableId: 2n, updatedRowCount: 10n },
      ],
      txnInfo: { txnId, status: TxnStatus.TXN_STATUS_VISIBLE, commitTime: BigInt(START) * 1000n },
      versionUpdateTimeMs: BigInt(START) * 1000n,
    });
    expect(await rowsetAt(domain.store, 101n, 2n)).toMatchObject({
      ...{ startVersion: 2n, endVersion: 2n, numRows: 10n, rowsetIdV2: `rowset of ${txnId} on 101` },
    });
    expect(await statsOf(domain.store, A)).toEqual({ dataSize: 130n, numRows: 10n, numRowsets: 2n, numSegments: 1n });
    expect(await temporaryRowsets(domain.store, txnId)).toBe(0);
    expect(await versionsOf(domain, 1n, [11n, 12n, 13n])).toEqual([2n, 2n, -1n]);
    expect([await tableVersionOf(domain, 1n), await tableVersionOf(domain, 2n)]).toEqual([1n, 1n]);
  });

  test('ends the transaction: it runs no more, and may be forgotten in time', async () => {
    const txnId = await load(domain, 'l', [A]);
    await commit(domain, { txnId });
    const fields = { instance_id: INSTANCE, db_id: DB, txn_id: txnId };
    expect(await txnOf(domain.store, txnId)).toMatchObject({
      status: TxnStatus.TXN_STATUS_VISIBLE,
      finishTime: 1_700_000_000_000n,
    });
    expect(await stored(async (txn) => readRecord(txn, keys.txnRunning, fields))).toBeUndefined();
    expect(await stored(async (txn) => readRecord(txn, keys.recycleTxn, fields))).toMatchObject({
      ...{ label: 'l', creationTime: 1_700_000_000_000n },
    });
  });

  test('of nothing changes no version', async () => {
    const txnId = await begin(domain, 'l');
    expect(await commit(domain, { txnId })).toMatchObject({ tableIds: [], versions: [], tableStats: [] });
    expect(await versionsOf(domain, 1n, [11n])).toEqual([-1n]);
  });

  test('goes to the partition of the rowset, and to the table of the tablet', async () => {
    const txnId = await load(domain, 'l', [{ tablet: 201n, partition: 77n }]);
    expect(await commit(domain, { txnId })).toMatchObject({ tableIds: [2n], partitionIds: [77n], versions: [2n] });
    expect(await statsOf(domain.store, D)).toMatchObject({ numRowsets: 2n });
  });

  test('of a rowset without segments counts the rowset only', async () => {
    const txnId = await begin(domain, 'l');
    await plantRowsets(domain.store, txnId, [A], { numSegments: 0n });
    await commit(domain, { txnId });
    expect(await statsOf(domain.store, A)).toEqual({ dataSize: 0n, numRows: 0n, numRowsets: 2n, numSegments: 0n });
  });

  test('keeps what a rowset says that this service does not know', async () => {
    const txnId = await load(domain, 'l', [A]);
    const unknown = { no: 60_000, wireType: 2, data: Uint8Array.of(2, 7, 9) };
    await domain.store.transact(async (txn) => {
      const fields = { instance_id: INSTANCE, txn_id: txnId, tablet_id: 101n };
      const meta = await readRecord(txn, keys.metaRowsetTmp, fields, { editable: true });
      if (meta) writeRecord(txn, keys.metaRowsetTmp, fields, Object.assign(meta, { $unknown: [unknown] }));
    });
    await commit(domain, { txnId });
    const [kept] = (await rowsetAt(domain.store, 101n, 2n))?.$unknown ?? [];
    expect({ ...kept, data: Uint8Array.from(kept?.data ?? []) }).toEqual(unknown);
  });

  test('keeps the attachment, and replaces that of the first phase', async () => {
    const txnId = await load(domain, 'l', [A]);
    const first = { loadJobFinalOperation: { id: 8n, copyId: 'c' } };
    await domain.call(rpc.precommit_txn, { cloudUniqueId: CALLER, dbId: DB, txnId, commitAttachment: first });
    expect((await txnOf(domain.store, txnId))?.commitAttachment?.loadJobFinalOperation?.id).toBe(8n);
    await commit(domain, { txnId, is2pc: true, commitAttachment: { loadJobFinalOperation: { id: 9n } } });
    expect((await txnOf(domain.store, txnId))?.commitAttachment?.loadJobFinalOperation?.copyId).toBe('');
    expect((await txnOf(domain.store, txnId))?.commitAttachment?.loadJobFinalOperation?.id).toBe(9n);
  });

  test('ignores the database that is given', async () => {
    const txnId = await load(domain, 'l', [A]);
    expect(await commit(domain, { txnId, dbId: 99n })).toMatchObject({ versions: [2n], txnInfo: { dbId: DB } });
  });
});

describe('commits of one partition at the same time', () => {
  test('get versions without a gap, each its own', async () => {
    const loads = await Promise.all(Array.from({ length: 12 }, (_, i) => load(domain, `l${i}`, [A, B])));
    const responses = await Promise.all(loads.map((txnId) => commit(domain, { txnId })));
    const got = responses.map(({ versions: [version = 0n] }) => Number(version)).sort((a, b) => a - b);
    expect(got).toEqual(Array.from({ length: 12 }, (_, i) => i + 2));
    expect(await versionsOf(domain, 1n, [11n])).toEqual([13n]);
    expect(await statsOf(domain.store, B)).toMatchObject({ numRowsets: 13n, numRows: 120n });
    expect(await tableVersionOf(domain, 1n)).toBe(12n);
  });

  test('take turns: each finds its caller, sees who is before it, and commits, however many they are', async () => {
    const loads = await Promise.all(Array.from({ length: 30 }, (_, i) => load(domain, `l${i}`, [A])));
    await Promise.all(loads.map((txnId) => commit(domain, { txnId })));
    const calls = domain.log.map((line) => JSON.parse(line)).filter(({ method }) => method === 'commit_txn');
    expect(calls.length).toBe(30);
    expect(calls.filter(({ attempts }) => attempts > 3)).toEqual([]);
  });

  test('of one transaction happen once', async () => {
    const txnId = await load(domain, 'l', [A]);
    const responses = await Promise.all([1, 2, 3].map(() => commit(domain, { txnId })));
    expect(responses.map(({ versions: all }) => all.length).sort()).toEqual([0, 0, 1]);
    expect(await statsOf(domain.store, A)).toMatchObject({ numRowsets: 2n });
  });
});

test('a commit that is repeated is answered with the transaction, and changes nothing', async () => {
  const txnId = await load(domain, 'l', [A]);
  await commit(domain, { txnId });
  const before = await domain.version();
  expect(await commit(domain, { txnId })).toMatchObject({
    status: { code: 0, msg: `transaction is already visible: db_id=1 txn_id=${txnId}` },
    txnInfo: { status: TxnStatus.TXN_STATUS_VISIBLE },
    versions: [],
  });
  expect(await domain.version()).toBe(before);
});

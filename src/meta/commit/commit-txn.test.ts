import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  begin,
  CALLER,
  DB,
  INSTANCE,
  plantRowsets,
  plantTablets,
  rowsetAt,
  statsOf,
} from '../../../test/support/loads.ts';
import { keys } from '../../keys/key-table.ts';
import { collectRange } from '../../kv/collect-range.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import {
  DeleteBitmapUpdateLockPBSchema,
  PendingDeleteBitmapPBSchema,
} from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import { LoadJobSourceTypePB, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { updateLockFields } from '../delete-bitmap/update-lock.ts';

const A = { table: 1n, partition: 11n, tablet: 101n };
const B = { table: 1n, partition: 11n, tablet: 102n };
const C = { table: 1n, partition: 12n, tablet: 103n };
const D = { table: 2n, partition: 21n, tablet: 201n };
const START = 1_700_000_000;

let domain: Domain;
let now: number;
beforeEach(async () => {
  now = START;
  domain = await openDomain({ now: () => now });
  expect(await domain.status(rpc.create_instance, { instanceId: INSTANCE })).toBe('OK');
  await plantTablets(domain.store, [A, B, C, D]);
});
afterEach(() => domain.dispose());

function commit(request: object) {
  return domain.call(rpc.commit_txn, { cloudUniqueId: CALLER, ...request });
}

function status(request: object) {
  return domain.status(rpc.commit_txn, { cloudUniqueId: CALLER, ...request });
}

/** A load that is ready to be committed. */
async function load(label: string, tablets: readonly { tablet: bigint; partition: bigint }[], more: object = {}) {
  const txnId = await begin(domain, label, more);
  await plantRowsets(domain.store, txnId, tablets);
  return txnId;
}

async function versions(tableId: bigint, partitionIds: readonly bigint[]) {
  const many = <T>(value: T) => partitionIds.map(() => value);
  const wanted = { dbIds: many(DB), tableIds: many(tableId), partitionIds: [...partitionIds] };
  return (await domain.call(rpc.get_version, { cloudUniqueId: CALLER, batchMode: true, ...wanted })).versions;
}

async function tableVersion(tableId: bigint) {
  const request = { cloudUniqueId: CALLER, dbId: DB, tableId, isTableVersion: true };
  return (await domain.call(rpc.get_version, request)).version;
}

function stored<T>(read: (txn: Parameters<Parameters<typeof domain.store.transact>[0]>[0]) => Promise<T>): Promise<T> {
  return domain.store.transact(read);
}

function txnInfo(txnId: bigint) {
  return stored((txn) => readRecord(txn, keys.txnInfo, { instance_id: INSTANCE, db_id: DB, txn_id: txnId }));
}

async function temporaryRowsets(txnId: bigint): Promise<number> {
  const { begin: from, end } = keys.metaRowsetTmp.range({ instance_id: INSTANCE, txn_id: txnId });
  return (await stored((txn) => collectRange(txn, from, end))).length;
}

/** That a call is refused, and has written nothing. */
async function refused(request: object, expected: string): Promise<void> {
  const before = await domain.version();
  expect(await status(request)).toBe(expected);
  expect(await domain.version()).toBe(before);
}

describe('a commit', () => {
  test('makes each rowset visible at the next version of its partition, and counts tables and tablets', async () => {
    const txnId = await load('l', [A, B, C, D]);
    const response = await commit({ txnId, baseTabletIds: [201n, 101n, 103n, 999n] });
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
    expect(await temporaryRowsets(txnId)).toBe(0);
    expect(await versions(1n, [11n, 12n, 13n])).toEqual([2n, 2n, -1n]);
    expect([await tableVersion(1n), await tableVersion(2n)]).toEqual([1n, 1n]);
  });

  test('ends the transaction: it runs no more, and may be forgotten in time', async () => {
    const txnId = await load('l', [A]);
    await commit({ txnId });
    const fields = { instance_id: INSTANCE, db_id: DB, txn_id: txnId };
    expect(await txnInfo(txnId)).toMatchObject({
      status: TxnStatus.TXN_STATUS_VISIBLE,
      finishTime: 1_700_000_000_000n,
    });
    expect(await stored((txn) => readRecord(txn, keys.txnRunning, fields))).toBeUndefined();
    expect(await stored((txn) => readRecord(txn, keys.recycleTxn, fields))).toMatchObject({
      ...{ label: 'l', creationTime: 1_700_000_000_000n },
    });
  });

  test('of nothing changes no version', async () => {
    const txnId = await begin(domain, 'l');
    expect(await commit({ txnId })).toMatchObject({ tableIds: [], versions: [], tableStats: [] });
    expect(await versions(1n, [11n])).toEqual([-1n]);
  });

  test('goes to the partition of the rowset, and to the table of the tablet', async () => {
    const txnId = await load('l', [{ tablet: 201n, partition: 77n }]);
    expect(await commit({ txnId })).toMatchObject({ tableIds: [2n], partitionIds: [77n], versions: [2n] });
    expect(await statsOf(domain.store, D)).toMatchObject({ numRowsets: 2n });
  });

  test('of a rowset without segments counts the rowset only', async () => {
    const txnId = await begin(domain, 'l');
    await plantRowsets(domain.store, txnId, [A], { numSegments: 0n });
    await commit({ txnId });
    expect(await statsOf(domain.store, A)).toEqual({ dataSize: 0n, numRows: 0n, numRowsets: 2n, numSegments: 0n });
  });

  test('keeps what a rowset says that this service does not know', async () => {
    const txnId = await load('l', [A]);
    const unknown = { no: 60_000, wireType: 2, data: Uint8Array.of(2, 7, 9) };
    await domain.store.transact(async (txn) => {
      const fields = { instance_id: INSTANCE, txn_id: txnId, tablet_id: 101n };
      const meta = await readRecord(txn, keys.metaRowsetTmp, fields, { editable: true });
      if (meta) writeRecord(txn, keys.metaRowsetTmp, fields, Object.assign(meta, { $unknown: [unknown] }));
    });
    await commit({ txnId });
    expect((await rowsetAt(domain.store, 101n, 2n))?.$unknown).toEqual([unknown]);
  });

  test('keeps the attachment, and replaces that of the first phase', async () => {
    const txnId = await load('l', [A]);
    await commit({ txnId, commitAttachment: { loadJobFinalOperation: { id: 9n } } });
    expect((await txnInfo(txnId))?.commitAttachment?.loadJobFinalOperation?.id).toBe(9n);
  });

  test('ignores the database that is given', async () => {
    const txnId = await load('l', [A]);
    expect(await commit({ txnId, dbId: 99n })).toMatchObject({ versions: [2n], txnInfo: { dbId: DB } });
  });
});

describe('commits of one partition at the same time', () => {
  test('get versions without a gap, each its own', async () => {
    const loads = await Promise.all(Array.from({ length: 12 }, (_, i) => load(`l${i}`, [A, B])));
    const responses = await Promise.all(loads.map((txnId) => commit({ txnId })));
    const got = responses.map(({ versions: [version = 0n] }) => Number(version)).sort((a, b) => a - b);
    expect(got).toEqual(Array.from({ length: 12 }, (_, i) => i + 2));
    expect(await versions(1n, [11n])).toEqual([13n]);
    expect(await statsOf(domain.store, B)).toMatchObject({ numRowsets: 13n, numRows: 120n });
    expect(await tableVersion(1n)).toBe(12n);
  });

  test('of one transaction happen once', async () => {
    const txnId = await load('l', [A]);
    const responses = await Promise.all([1, 2, 3].map(() => commit({ txnId })));
    expect(responses.map(({ versions: all }) => all.length).sort()).toEqual([0, 0, 1]);
    expect(await statsOf(domain.store, A)).toMatchObject({ numRowsets: 2n });
  });
});

describe('a commit is refused, and nothing written', () => {
  test('without an id, for no caller, and for a transaction that is not there', async () => {
    await refused({}, 'INVALID_ARGUMENT invalid argument, missing txn id');
    await refused({ cloudUniqueId: '' }, 'INVALID_ARGUMENT invalid argument, missing txn id');
    await refused({ cloudUniqueId: '', txnId: 7n }, 'INVALID_ARGUMENT empty instance_id');
    for (const txnId of [0n, -7n, 7n, 2n ** 62n]) {
      await refused({ txnId }, `KV_TXN_GET_ERR failed to get db id, txn_id=${txnId} err=KeyNotFound`);
    }
  });

  test('for a rowset of a tablet that is not there', async () => {
    const txnId = await load('l', [A, { tablet: 999n, partition: 11n }]);
    const key = keys.metaTabletIndex.encode({ instance_id: INSTANCE, tablet_id: 999n }).toString('hex');
    const message = `failed to get tablet table index ids, err=not found tablet_id=999 key=${key}`;
    await refused({ txnId }, `KV_TXN_GET_ERR ${message}`);
    expect(await temporaryRowsets(txnId)).toBe(2);
  });

  test('when the transaction has expired, which is said with the time', async () => {
    const txnId = await load('l', [A], { timeoutMs: 1000n });
    now += 2;
    await refused({ txnId }, `UNDEFINED_ERR txn is expired, not allow to commit txn_id=${txnId}`);
    expect((await commit({ txnId })).versionUpdateTimeMs).toBe(BigInt(now) * 1000n);
    now -= 1;
    expect(await status({ txnId })).toBe('OK');
  });

  test('when a timeout is larger than any time, not', async () => {
    const txnId = await load('l', [A], { timeoutMs: 2n ** 63n - 1n });
    expect(await status({ txnId })).toBe('OK');
  });

  test('after the transaction was aborted', async () => {
    const txnId = await load('l', [A]);
    await setStatus(txnId, TxnStatus.TXN_STATUS_ABORTED);
    await refused({ txnId }, `TXN_ALREADY_ABORTED transaction [${txnId}] is already aborted, db_id=1`);
    const parts = { isTxnLoad: true, subTxnInfos: [{ subTxnId: txnId }] };
    const message = `transaction is already aborted: db_id=1 txn_id=${txnId}`;
    await refused({ txnId, ...parts }, `TXN_ALREADY_ABORTED ${message}`);
  });

  test('in a state that nobody knows', async () => {
    const txnId = await load('l', [A]);
    await setStatus(txnId, TxnStatus.TXN_STATUS_UNKNOWN);
    expect(await status({ txnId })).toMatch(/^TXN_INVALID_STATUS /);
  });

  test('in its second phase, without the first or after it is visible', async () => {
    const txnId = await load('l', [A]);
    const message = `transaction is prepare, not pre-committed: db_id=1 txn_id${txnId}`;
    await refused({ txnId, is2pc: true }, `TXN_INVALID_STATUS ${message}`);
    await setStatus(txnId, TxnStatus.TXN_STATUS_PRECOMMITTED);
    expect(await status({ txnId, is2pc: true })).toBe('OK');
    const again = `transaction [${txnId}] is already visible, not pre-committed.`;
    await refused({ txnId, is2pc: true }, `TXN_ALREADY_VISIBLE ${again}`);
    expect((await commit({ txnId, is2pc: true })).txnInfo?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
  });
});

test('a commit that is repeated is answered with the transaction, and changes nothing', async () => {
  const txnId = await load('l', [A]);
  await commit({ txnId });
  const before = await domain.version();
  expect(await commit({ txnId })).toMatchObject({
    status: { code: 0, msg: `transaction is already visible: db_id=1 txn_id=${txnId}` },
    txnInfo: { status: TxnStatus.TXN_STATUS_VISIBLE },
    versions: [],
  });
  expect(await domain.version()).toBe(before);
});

describe('tables that merge on write', () => {
  const lock = (tableId: bigint, lockId: bigint) =>
    domain.store.transact(async (txn) => {
      const held = create(DeleteBitmapUpdateLockPBSchema, { lockId, expiration: 1n, initiators: [-1n] });
      writeRecord(txn, keys.metaDeleteBitmapUpdateLock, updateLockFields(INSTANCE, tableId), held);
    });
  const isHeld = (tableId: bigint) =>
    stored((txn) => readRecord(txn, keys.metaDeleteBitmapUpdateLock, updateLockFields(INSTANCE, tableId)));
  const pending = (tablet_id: bigint) => ({ instance_id: INSTANCE, tablet_id });

  test('must be locked for the transaction, all of them', async () => {
    const txnId = await load('l', [A, D]);
    const key = keys.metaDeleteBitmapUpdateLock.encode(updateLockFields(INSTANCE, 1n)).toString('hex');
    const gone = `get delete bitmap update lock info, lock is expired table_id=1 key=${key}`;
    await refused({ txnId, mowTableIds: [1n] }, `LOCK_EXPIRED ${gone}`);
    await lock(1n, 12345n);
    await refused({ txnId, mowTableIds: [1n] }, 'LOCK_EXPIRED lock is expired');
    await lock(1n, txnId);
    expect(await status({ txnId, mowTableIds: [1n, 2n] })).toMatch(/^LOCK_EXPIRED .* table_id=2 /);
    expect(await isHeld(1n)).toBeDefined();
  });

  test('are given free, and what the load wrote to their bitmaps lasts', async () => {
    const txnId = await load('l', [A, D]);
    await lock(1n, txnId);
    await lock(2n, txnId);
    await domain.store.transact(async (txn) => {
      for (const id of [101n, 102n, 201n]) {
        writeRecord(txn, keys.metaPendingDeleteBitmap, pending(id), create(PendingDeleteBitmapPBSchema));
      }
    });
    expect(await status({ txnId, mowTableIds: [1n, 1n] })).toBe('OK');
    expect(await isHeld(1n)).toBeUndefined();
    expect(await isHeld(2n)).toBeDefined();
    const left = [];
    for (const id of [101n, 102n, 201n]) {
      if (await stored((txn) => readRecord(txn, keys.metaPendingDeleteBitmap, pending(id)))) left.push(id);
    }
    expect(left).toEqual([102n, 201n]);
  });
});

describe('a task of a routine load', () => {
  const task = { rlTaskTxnCommitAttachment: { jobId: 5n, loadedRows: 3n, progress: { partitionToOffset: { 0: 9n } } } };
  const source = { loadJobSourceType: LoadJobSourceTypePB.LOAD_JOB_SRC_TYPE_ROUTINE_LOAD_TASK };
  const progress = (jobId: bigint) =>
    domain.status(rpc.get_rl_task_commit_attach, { cloudUniqueId: CALLER, dbId: DB, jobId });

  test('counts for its job', async () => {
    const txnId = await load('l', [A], source);
    expect((await commit({ txnId, commitAttachment: task })).status.msg).toBe('');
    expect(await progress(5n)).toBe('OK');
    await commit({ txnId, commitAttachment: task });
    const { commitAttach } = await domain.call(rpc.get_rl_task_commit_attach, {
      cloudUniqueId: CALLER,
      dbId: DB,
      jobId: 5n,
    });
    expect(commitAttach).toMatchObject({ loadedRows: 3n, progress: { partitionToOffset: { 0: 9n } } });
  });

  test('without an attachment is committed, and that is said', async () => {
    const txnId = await load('l', [A], source);
    expect((await commit({ txnId })).status).toMatchObject({
      code: 0,
      msg: `failed to get commit attachment from req, db_id=1 txn_id=${txnId}`,
    });
    expect((await txnInfo(txnId))?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
  });

  test('with one of another kind counts for job 0', async () => {
    const txnId = await load('l', [A], source);
    await commit({ txnId, commitAttachment: { loadJobFinalOperation: { id: 1n } } });
    expect(await progress(0n)).toBe('OK');
  });

  test('does not count when it is refused, nor as part of another kind of load', async () => {
    const expired = await load('l', [A], { ...source, timeoutMs: -1n });
    expect(await status({ txnId: expired, commitAttachment: task })).toMatch('txn is expired');
    const other = await load('m', [A]);
    expect(await status({ txnId: other, commitAttachment: task })).toBe('OK');
    const parts = await load('n', [A], source);
    const request = { txnId: parts, isTxnLoad: true, subTxnInfos: [{ subTxnId: parts }], commitAttachment: task };
    expect(await status(request)).toBe('OK');
    expect(await progress(5n)).toMatch('PROGRESS_NOT_FOUND');
  });
});

describe('sub transactions', () => {
  const named = (...ids: bigint[]) => ({ isTxnLoad: true, subTxnInfos: ids.map((subTxnId) => ({ subTxnId })) });

  test('raise a partition by one each, in the order in which they are named', async () => {
    const txnId = await load('l', [A, C]);
    await plantRowsets(domain.store, 7001n, [A, D]);
    await plantRowsets(domain.store, 7002n, [A, B]);
    const response = await commit({ txnId, ...named(txnId, 7002n, 7001n), baseTabletIds: [101n, 201n] });
    expect(response).toMatchObject({
      partitionIds: [11n, 12n, 21n],
      versions: [4n, 2n, 2n],
      tableStats: [
        { tableId: 1n, updatedRowCount: 30n },
        { tableId: 2n, updatedRowCount: 10n },
      ],
      versionUpdateTimeMs: 0n,
    });
    const ids = await Promise.all([2n, 3n, 4n].map(async (at) => (await rowsetAt(domain.store, 101n, at))?.rowsetIdV2));
    expect(ids).toEqual([`rowset of ${txnId} on 101`, 'rowset of 7002 on 101', 'rowset of 7001 on 101']);
    expect(await rowsetAt(domain.store, 102n, 3n)).toBeDefined();
    expect(await statsOf(domain.store, A)).toMatchObject({ numRowsets: 4n, dataSize: 300n, numRows: 30n });
    expect(await tableVersion(1n)).toBe(1n);
    expect(await Promise.all([txnId, 7001n, 7002n].map(temporaryRowsets))).toEqual([0, 0, 0]);
  });

  test('leave no time in the version, as Doris does', async () => {
    const txnId = await load('l', [A]);
    await commit({ txnId, ...named(txnId), is2pc: true });
    const request = { cloudUniqueId: CALLER, dbId: DB, tableId: 1n, partitionId: 11n };
    expect(await domain.call(rpc.get_version, request)).toMatchObject({ version: 2n, versionUpdateTimeMs: [0n] });
  });

  test('that are not named leave their rowsets where they are', async () => {
    const txnId = await load('l', [A]);
    expect(await commit({ txnId, ...named() })).toMatchObject({ versions: [], txnInfo: { txnId } });
    expect(await temporaryRowsets(txnId)).toBe(1);
  });

  test('are refused when one is named twice, whose rows would be there twice', async () => {
    const txnId = await load('l', [A]);
    const message = `a sub transaction is named twice, sub_txn_ids=${txnId},${txnId}`;
    await refused({ txnId, ...named(txnId, txnId) }, `INVALID_ARGUMENT ${message}`);
  });
});

describe('a load that is too large for one transaction of the store', () => {
  const large = async () => {
    const txnId = await begin(domain, 'large');
    const tablets = Array.from({ length: 120 }, (_, i) => ({ table: 3n, partition: 31n, tablet: 3000n + BigInt(i) }));
    await plantTablets(domain.store, tablets);
    for (const tablet of tablets) {
      await plantRowsets(domain.store, txnId, [tablet], { resourceId: 'x'.repeat(95_000) });
    }
    return txnId;
  };

  test('is refused, unless it may be committed lazily', async () => {
    const txnId = await large();
    const why = 'is too large to be committed in one transaction of the store';
    const advice = 'commit it with enable_txn_lazy_commit, or load less at a time';
    await refused({ txnId }, `INVALID_ARGUMENT transaction ${txnId} ${why}: ${advice}`);
    await refused({ txnId, is2pc: false }, `INVALID_ARGUMENT transaction ${txnId} ${why}: ${advice}`);
    expect(await commit({ txnId, is2pc: false, enableTxnLazyCommit: true })).toMatchObject({
      versions: [2n],
      txnInfo: { status: TxnStatus.TXN_STATUS_VISIBLE },
    });
    expect(await rowsetAt(domain.store, 3119n, 2n)).toMatchObject({ endVersion: 2n });
    expect(await versions(3n, [31n])).toEqual([2n]);
  });
});

async function setStatus(txnId: bigint, wanted: TxnStatus): Promise<void> {
  const fields = { instance_id: INSTANCE, db_id: DB, txn_id: txnId };
  await domain.store.transact(async (txn) => {
    const info = await readRecord(txn, keys.txnInfo, fields, { editable: true });
    if (!info) throw new Error('there is no such transaction');
    info.status = wanted;
    writeRecord(txn, keys.txnInfo, fields, info);
  });
}

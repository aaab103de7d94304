import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  A,
  B,
  C,
  CALLER,
  commit,
  commitRefused,
  D,
  DB,
  INSTANCE,
  load,
  plantRowsets,
  plantTablets,
  rowsetAt,
  statsOf,
  type Tablet,
  tableVersionOf,
  temporaryRowsets,
  txnOf,
} from '../../../test/support/loads.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import {
  DeleteBitmapUpdateLockPBSchema,
  PendingDeleteBitmapPBSchema,
} from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import { LoadJobSourceTypePB, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { updateLockFields } from '../delete-bitmap/update-lock.ts';

let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  await plantTablets(domain.store, [A, B, C, D]);
});
afterEach(() => domain.dispose());

function status(request: object) {
  return domain.status(rpc.commit_txn, { cloudUniqueId: CALLER, ...request });
}

function stored<T>(read: (txn: Transaction) => Promise<T>): Promise<T> {
  return domain.store.transact(read);
}

describe('tables that merge on write', () => {
  const lock = (tableId: bigint, lockId: bigint) =>
    domain.store.transact(async (txn) => {
      const held = create(DeleteBitmapUpdateLockPBSchema, { lockId, expiration: 1n, initiators: [-1n] });
      writeRecord(txn, keys.metaDeleteBitmapUpdateLock, updateLockFields(INSTANCE, tableId), held);
    });
  const isHeld = (tableId: bigint) =>
    stored(async (txn) => readRecord(txn, keys.metaDeleteBitmapUpdateLock, updateLockFields(INSTANCE, tableId)));
  const pending = (tablet_id: bigint) => ({ instance_id: INSTANCE, tablet_id });

  test('must be locked for the transaction, all of them', async () => {
    const txnId = await load(domain, 'l', [A, D]);
    const key = keys.metaDeleteBitmapUpdateLock.encode(updateLockFields(INSTANCE, 1n)).toString('hex');
    const gone = `get delete bitmap update lock info, lock is expired table_id=1 key=${key}`;
    await commitRefused(domain, { txnId, mowTableIds: [1n] }, `LOCK_EXPIRED ${gone}`);
    await lock(1n, 12345n);
    await commitRefused(domain, { txnId, mowTableIds: [1n] }, 'LOCK_EXPIRED lock is expired');
    await lock(1n, txnId);
    expect(await status({ txnId, mowTableIds: [1n, 2n] })).toMatch(/^LOCK_EXPIRED .* table_id=2 /);
    expect(await isHeld(1n)).toBeDefined();
  });

  test('are given free, and what the load wrote to their bitmaps lasts', async () => {
    const txnId = await load(domain, 'l', [A, D]);
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
      if (await stored(async (txn) => readRecord(txn, keys.metaPendingDeleteBitmap, pending(id)))) left.push(id);
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
    const txnId = await load(domain, 'l', [A], source);
    expect((await commit(domain, { txnId, commitAttachment: task })).status.msg).toBe('');
    expect(await progress(5n)).toBe('OK');
    await commit(domain, { txnId, commitAttachment: task });
    const { commitAttach } = await domain.call(rpc.get_rl_task_commit_attach, {
      cloudUniqueId: CALLER,
      dbId: DB,
      jobId: 5n,
    });
    expect(commitAttach).toMatchObject({ loadedRows: 3n, progress: { partitionToOffset: { 0: 9n } } });
  });

  test('without an attachment is committed, and that is said', async () => {
    const txnId = await load(domain, 'l', [A], source);
    expect((await commit(domain, { txnId })).status).toMatchObject({
      code: 0,
      msg: `failed to get commit attachment from req, db_id=1 txn_id=${txnId}`,
    });
    expect((await txnOf(domain.store, txnId))?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
  });

  test('with one of another kind counts for job 0', async () => {
    const txnId = await load(domain, 'l', [A], source);
    await commit(domain, { txnId, commitAttachment: { loadJobFinalOperation: { id: 1n } } });
    expect(await progress(0n)).toBe('OK');
  });

  test('does not count when it is refused, nor as part of another kind of load', async () => {
    const expired = await load(domain, 'l', [A], { ...source, timeoutMs: -1n });
    expect(await status({ txnId: expired, commitAttachment: task })).toMatch('txn is expired');
    const other = await load(domain, 'm', [A]);
    expect(await status({ txnId: other, commitAttachment: task })).toBe('OK');
    const parts = await load(domain, 'n', [A], source);
    const request = { txnId: parts, isTxnLoad: true, subTxnInfos: [{ subTxnId: parts }], commitAttachment: task };
    expect(await status(request)).toBe('OK');
    expect(await progress(5n)).toMatch('PROGRESS_NOT_FOUND');
  });
});

describe('sub transactions', () => {
  const named = (...ids: bigint[]) => ({ isTxnLoad: true, subTxnInfos: ids.map((subTxnId) => ({ subTxnId })) });

  /** Begins sub transactions of a transaction that has none, one for each list of tablets, which get its rowsets. */
  const loadParts = async (txnId: bigint, ...parts: (readonly Tablet[])[]): Promise<bigint[]> => {
    const ids: bigint[] = [];
    for (const tablets of parts) {
      const request = { cloudUniqueId: CALLER, dbId: DB, txnId, subTxnNum: BigInt(ids.length), tableIds: [1n] };
      const { subTxnId, status } = await domain.call(rpc.begin_sub_txn, { ...request, label: `part ${ids.length}` });
      if (subTxnId === 0n) throw new Error(status.msg);
      await plantRowsets(domain.store, subTxnId, tablets);
      ids.push(subTxnId);
    }
    return ids;
  };

  test('raise a partition by one each, in the order in which they are named', async () => {
    const txnId = await load(domain, 'l', [A, C]);
    const [first = 0n, second = 0n] = await loadParts(txnId, [A, D], [A, B]);
    const response = await commit(domain, { txnId, ...named(txnId, second, first), baseTabletIds: [101n, 201n] });
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
    expect(ids).toEqual([txnId, second, first].map((id) => `rowset of ${id} on 101`));
    expect(await rowsetAt(domain.store, 102n, 3n)).toBeDefined();
    expect(await statsOf(domain.store, A)).toMatchObject({ numRowsets: 4n, dataSize: 300n, numRows: 30n });
    expect(await tableVersionOf(domain, 1n)).toBe(1n);
    for (const id of [txnId, first, second]) expect(await temporaryRowsets(domain.store, id)).toBe(0);
  });

  test('of another transaction, or that are none, are refused with all that they are named with', async () => {
    const txnId = await load(domain, 'l', [A]);
    const other = await load(domain, 'm', [B]);
    const [own = 0n] = await loadParts(txnId, [A]);
    const [foreign = 0n] = await loadParts(other, [B]);
    for (const id of [other, foreign, 7001n, 0n, -1n]) {
      const message = `sub transaction ${id} is none of the transaction's, txn_id=${txnId} sub_txn_ids=${own}`;
      await commitRefused(domain, { txnId, ...named(txnId, own, id) }, `INVALID_ARGUMENT ${message}`);
      await commitRefused(domain, { txnId, ...named(id) }, `INVALID_ARGUMENT ${message}`);
    }
    expect(await status({ txnId, ...named(txnId, own) })).toBe('OK');
    // What is visible is not looked at again.
    expect(await status({ txnId, ...named(foreign) })).toBe('OK');
    expect(await status({ txnId: other, ...named(foreign) })).toBe('OK');
  });

  test('leave no time in the version, as Doris does', async () => {
    const txnId = await load(domain, 'l', [A]);
    await commit(domain, { txnId, ...named(txnId), is2pc: true });
    const request = { cloudUniqueId: CALLER, dbId: DB, tableId: 1n, partitionId: 11n };
    expect(await domain.call(rpc.get_version, request)).toMatchObject({ version: 2n, versionUpdateTimeMs: [0n] });
  });

  test('that are not named leave their rowsets where they are', async () => {
    const txnId = await load(domain, 'l', [A]);
    expect(await commit(domain, { txnId, ...named() })).toMatchObject({ versions: [], txnInfo: { txnId } });
    expect(await temporaryRowsets(domain.store, txnId)).toBe(1);
  });

  test('are refused when one is named twice, whose rows would be there twice', async () => {
    const txnId = await load(domain, 'l', [A]);
    const message = `a sub transaction is named twice, sub_txn_ids=${txnId},${txnId}`;
    await commitRefused(domain, { txnId, ...named(txnId, txnId) }, `INVALID_ARGUMENT ${message}`);
  });
});

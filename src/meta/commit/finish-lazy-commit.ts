import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type TxnInfoPB, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { nowMillis } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { findTxn, saveFinished, saveTxn } from '../txn/txn-record.ts';
import { stateAfter } from '../txn/txn-state.ts';
import { pendingTxn, visibleVersion } from '../version/partition-version.ts';
import { LAZILY } from './commit-way.ts';
import { dbOfCommit, type TxnPlace } from './committable.ts';
import { moveRowsets, type WaitingPartitions } from './move-rowsets.ts';
import { saveVersion } from './save-commit.ts';
import { temporaryRowsetRange } from './temporary-rowset.ts';

export interface LazyCommitOptions {
  readonly transact: <T>(work: (txn: Transaction) => Promise<T>) => Promise<T>;
  /** The most rowsets to move in one transaction of the store. */
  readonly most_rowsets: number;
  readonly now_ms: () => number;
}

/**
 * Makes a transaction visible that was committed lazily, and resolves to the number of rowsets that it found.
 *
 * First its rowsets go to the versions that the commit took for them, in batches, each with what it adds to its tablet;
 * nobody reads there yet. Then one transaction of the store raises all partitions to these versions, so that the load
 * becomes visible as a whole. Every step finds in the store what is left to be done, so this may break off at any point and
 * be begun again by anyone, also while others are at it.
 *
 * Throws KV_TXN_GET_ERR or TXN_ID_NOT_FOUND for a transaction that is not there, and TXN_INVALID_STATUS for one that is
 * neither committed nor visible.
 */
export async function finishLazyCommit(
  instance_id: string,
  txn_id: bigint,
  { transact, most_rowsets, now_ms }: LazyCommitOptions,
): Promise<number> {
  const fields = await transact(async (txn) => {
    const found = { instance_id, txn_id, db_id: await dbOfCommit(txn, instance_id, txn_id) };
    return (await openCommitted(txn, found)) && found;
  });
  if (fields === undefined) return 0;
  const { begin, end } = temporaryRowsetRange(instance_id, txn_id);
  const waiting: WaitingPartitions = new Map();
  let rowsets = 0;
  let next: Uint8Array | undefined = begin;
  while (next !== undefined) {
    const from: Uint8Array = next;
    const moved = await transact((txn) => moveRowsets(txn, fields, { begin: from, end, most_rowsets, waiting }));
    for (const [name, partition] of moved.waiting) waiting.set(name, partition);
    rowsets += moved.rowsets;
    next = moved.next;
  }
  await transact((txn) => publish(txn, fields, waiting, nowMillis({ now_ms })));
  return rowsets;
}

/** Makes all partitions show what has been moved, and the transaction visible. */
async function publish(txn: Transaction, fields: TxnPlace, waiting: WaitingPartitions, now_ms: bigint): Promise<void> {
  const info = await openCommitted(txn, fields);
  if (!info) return;
  const partitions = [...waiting.values()];
  const records = await readRecords(
    txn,
    keys.partitionVersion,
    partitions.map((partition) => partition.fields),
  );
  for (const [i, partition] of partitions.entries()) {
    const record = records[i];
    if (pendingTxn(record) !== fields.txn_id) continue;
    saveVersion(txn, partition.fields, visibleVersion(record) + 1n, record?.updateTimeMs);
    txn.clear(partition.left_key);
  }
  info.status = TxnStatus.TXN_STATUS_VISIBLE;
  saveTxn(txn, fields.instance_id, info);
  saveFinished(txn, fields.instance_id, info, now_ms);
}

/** A transaction that is committed and not visible; undefined when it is visible already. */
async function openCommitted(txn: Transaction, fields: TxnPlace): Promise<TxnInfoPB | undefined> {
  const info = await findTxn(txn, fields);
  if (!info) throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, LAZILY.missing_text(fields));
  if (info.status === TxnStatus.TXN_STATUS_VISIBLE) return undefined;
  if (stateAfter(info.status, 'publish') !== undefined) return info;
  const state = `db_id=${info.dbId} txn_id=${info.txnId} status=${TxnStatus[info.status]}`;
  throw new MetaError(MetaServiceCode.TXN_INVALID_STATUS, `transaction is not committed: ${state}`);
}

import { create } from '@bufbuild/protobuf';
import type { Awaitable } from '../../awaitable.ts';
import type { FieldsToEncode } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { type RecordOptions, readRecord, removeRecord, writeRecord } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import {
  RecycleTxnPBSchema,
  TxnIndexPBSchema,
  type TxnInfoPB,
  TxnRunningPBSchema,
} from '../../schema/gen/cloud/txn_pb.ts';
import { MetaError } from '../meta-error.ts';

/** Where a transaction stands: its record, its running key and its recycle key have the same fields. */
export type TxnFields = FieldsToEncode<typeof keys.txnInfo.shape>;

/** The database of a transaction, 0 for a sub transaction, or undefined when there is none of this id. */
export async function findDbOfTxn(
  txn: Transaction,
  instance_id: string,
  txn_id: bigint,
  options?: ReadOptions,
): Promise<bigint | undefined> {
  const index = await readRecord(txn, keys.txnIndex, { instance_id, txn_id }, options);
  return index && (index.tabletIndex?.dbId ?? 0n);
}

/** As `findDbOfTxn`, for one that must be there: throws TXN_ID_NOT_FOUND. */
export async function readDbOfTxn(txn: Transaction, instanceId: string, txnId: bigint): Promise<bigint> {
  const dbId = await findDbOfTxn(txn, instanceId, txnId);
  if (dbId !== undefined) return dbId;
  const message = `failed to get db id with txn_id=${txnId} err=KeyNotFound`;
  throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, message);
}

/** A transaction, to be changed and saved; undefined when there is none of this id in the database. */
export function findTxn(
  txn: Transaction,
  fields: TxnFields,
  options?: Omit<RecordOptions, 'editable'>,
): Awaitable<TxnInfoPB | undefined> {
  return readRecord(txn, keys.txnInfo, fields, { ...options, editable: true });
}

/** As `findTxn`, for one that must be there: throws TXN_ID_NOT_FOUND. */
export async function readTxn(txn: Transaction, fields: TxnFields): Promise<TxnInfoPB> {
  const info = await findTxn(txn, fields);
  if (info) return info;
  const message = `failed to get db id with db_id=${fields.db_id} txn_id=${fields.txn_id} err=KeyNotFound`;
  throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, message);
}

export function fieldsOfTxn(instanceId: string, { dbId, txnId }: Pick<TxnInfoPB, 'dbId' | 'txnId'>): TxnFields {
  return { instance_id: instanceId, db_id: dbId, txn_id: txnId };
}

/** Stores a transaction in its new state. */
export function saveTxn(txn: Transaction, instanceId: string, info: TxnInfoPB): void {
  writeRecord(txn, keys.txnInfo, fieldsOfTxn(instanceId, info), info);
}

/** Stores the database of a transaction under its id; without one, that of a sub transaction. */
export function saveTxnIndex(txn: Transaction, instance_id: string, txn_id: bigint, dbId?: bigint): void {
  const index = create(TxnIndexPBSchema, dbId === undefined ? {} : { tabletIndex: { dbId } });
  writeRecord(txn, keys.txnIndex, { instance_id, txn_id }, index);
}

/** Notes that a transaction is unfinished, and when it will have timed out: `span_ms` after `from_ms`. */
export function saveRunning(
  txn: Transaction,
  instanceId: string,
  info: TxnInfoPB,
  from_ms: bigint,
  span_ms: bigint,
): void {
  const running = create(TxnRunningPBSchema, { tableIds: info.tableIds, timeoutTime: timeAfter(from_ms, span_ms) });
  writeRecord(txn, keys.txnRunning, fieldsOfTxn(instanceId, info), running);
}

/** Notes that a transaction has come to its end at `finished_ms`: it runs no more, and may be forgotten in time. */
export function saveFinished(txn: Transaction, instanceId: string, info: TxnInfoPB, finished_ms: bigint): void {
  const fields = fieldsOfTxn(instanceId, info);
  removeRecord(txn, keys.txnRunning, fields);
  const left = create(RecycleTxnPBSchema, { creationTime: finished_ms, label: info.label });
  writeRecord(txn, keys.recycleTxn, fields, left);
}

const INT64_MAX = 2n ** 63n - 1n;

/** Clients choose timeouts freely. What no int64 can hold stays at the end of what one can, where Doris goes on at the other end. */
function timeAfter(from_ms: bigint, span_ms: bigint): bigint {
  const time_ms = from_ms + span_ms;
  return time_ms > INT64_MAX ? INT64_MAX : time_ms;
}

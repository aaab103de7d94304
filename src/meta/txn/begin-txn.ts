import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { type Stamped, writeRecordWithStamp } from '../../records/stamped-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { UniqueIdPB } from '../../schema/gen/cloud/txn_attachment_pb.ts';
import {
  type BeginTxnRequest,
  type BeginTxnResponseSchema,
  type TxnInfoPB,
  TxnInfoPBSchema,
  type TxnLabelPB,
  TxnLabelPBSchema,
  TxnStatusPB as TxnStatus,
} from '../../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, type CallInSteps, nowMillis } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { type NewTxnId, newTxnId } from './new-txn-id.ts';
import { findLabel } from './txn-label.ts';
import { findTxn, saveRunning, saveTxn, saveTxnIndex } from './txn-record.ts';

/** Refuses a transaction without a label, a database, a table or a timeout. */
export function checkBeginTxn({ txnInfo }: BeginTxnRequest): void {
  if (!txnInfo) throw invalid('invalid argument, missing txn info');
  const { label, tableIds } = txnInfo;
  const dbId = isSet(txnInfo, 'dbId') ? txnInfo.dbId : -1n;
  if (label !== '' && dbId >= 0n && tableIds.length > 0 && isSet(txnInfo, 'timeoutMs')) return;
  throw invalid(`invalid argument, label=${label} db_id=${dbId}`);
}

/**
 * Begins a transaction under a label, which no other transaction of the database may have but aborted ones: up to
 * `max_num_aborted_txn` of them. Answers its id.
 *
 * It takes two commits, since only a commit makes an id: the first looks at the label and makes the id, the second looks
 * again and stores the transaction. A call that is refused has stored nothing, be it by the first or by the second.
 */
export async function beginTxn(
  call: CallInSteps,
  { txnInfo }: BeginTxnRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof BeginTxnResponseSchema>> {
  const given = txnInfo ?? create(TxnInfoPBSchema);
  const look = async (step: Call) => void (await usableLabel(step, instanceId, given, { snapshot: true }));
  for (;;) {
    const id = await newTxnId(call, instanceId, look);
    if (await call.transact((step) => storeTxn(step, instanceId, given, id))) return { txnId: id.txnId };
    // Another transaction has used the label since, under a larger id, and was aborted. The newest has to have the largest.
  }
}

/** Stores a transaction under its new id, or answers false when its label has been used under a larger one. */
async function storeTxn(
  call: Call,
  instanceId: string,
  given: TxnInfoPB,
  { txnId, stamp }: NewTxnId,
): Promise<boolean> {
  const label = await usableLabel(call, instanceId, given);
  const txnIds = label?.message.txnIds ?? [];
  const [newest = 0n] = txnIds.slice(-1);
  if (newest > txnId) return false;
  const info = clone(TxnInfoPBSchema, given);
  info.txnId = txnId;
  info.status = TxnStatus.TXN_STATUS_PREPARED;
  info.prepareTime = nowMillis(call);
  saveTxn(call.txn, instanceId, info);
  saveTxnIndex(call.txn, instanceId, txnId, info.dbId);
  saveRunning(call.txn, instanceId, info, info.prepareTime, info.timeoutMs);
  const message = create(TxnLabelPBSchema, { txnIds: [...txnIds, txnId] });
  const fields = { instance_id: instanceId, db_id: info.dbId, label: info.label };
  writeRecordWithStamp(call.txn, keys.txnLabel, fields, { message, stamp });
  return true;
}

/** The label of a transaction that is to begin, as far as it was used. Throws when the newest that used it does not let go of it. */
async function usableLabel(
  { txn, settings }: Call,
  instanceId: string,
  given: TxnInfoPB,
  options?: ReadOptions,
): Promise<Stamped<TxnLabelPB> | undefined> {
  const found = await findLabel(txn, instanceId, given.dbId, given.label, options);
  const newestId = found?.message.txnIds.at(-1);
  if (found === undefined || newestId === undefined) return found;
  const newest = await newestOfLabel(txn, instanceId, given, newestId, options);
  if (newest.status !== TxnStatus.TXN_STATUS_ABORTED) throw refusal(given, newest);
  if (found.message.txnIds.length >= settings.max_num_aborted_txn) {
    const which = `label=${given.label} txn_id=${newestId}`;
    throw invalid(`too many aborted txn for ${which}, please check your data quality`);
  }
  return found;
}

async function newestOfLabel(
  txn: Transaction,
  instance_id: string,
  { dbId: db_id, label }: TxnInfoPB,
  txn_id: bigint,
  options?: ReadOptions,
): Promise<TxnInfoPB> {
  const newest = await findTxn(txn, { instance_id, db_id, txn_id }, options);
  if (newest) return newest;
  const message = `txn->get() failed, cur_txn_id=${txn_id} label=${label} err=KeyNotFound`;
  throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, message);
}

/** A client that asks again, because it missed the answer, learns which transaction is its own. */
function refusal(given: TxnInfoPB, { txnId, status, requestId }: TxnInfoPB): MetaError {
  const unfinished = status === TxnStatus.TXN_STATUS_PREPARED || status === TxnStatus.TXN_STATUS_PRECOMMITTED;
  if (unfinished && isSameRequest(given.requestId, requestId)) {
    const message = `db_id=${given.dbId} label=${given.label} txn_id=${txnId} dup begin txn request.`;
    return new MetaError(MetaServiceCode.TXN_DUPLICATED_REQ, message, { dupTxnId: txnId });
  }
  const state = `relate to txn [${txnId}], status=[${TxnStatus[status]}]`;
  const message = `Label [${given.label}] has already been used, ${state}`;
  return new MetaError(MetaServiceCode.TXN_LABEL_ALREADY_USED, message, { txnStatus: status });
}

function isSameRequest(a: UniqueIdPB | undefined, b: UniqueIdPB | undefined): boolean {
  return a !== undefined && b !== undefined && a.hi === b.hi && a.lo === b.lo;
}

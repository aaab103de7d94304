import type { MessageInitShape } from '@bufbuild/protobuf';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import {
  type AbortTxnRequest,
  type AbortTxnResponseSchema,
  type TxnInfoPB,
  TxnStatusPB as TxnStatus,
} from '../../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowMillis } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { givenId } from './given-id.ts';
import { findLabel } from './txn-label.ts';
import { findDbOfTxn, findTxn, saveFinished, saveTxn } from './txn-record.ts';
import { codeOfState, stateAfter } from './txn-state.ts';

/** Refuses a request that names neither a transaction nor a label in a database. */
export function checkAbortTxn(request: AbortTxnRequest): void {
  const [txnId, dbId] = [givenId(request, 'txnId'), givenId(request, 'dbId')];
  if (txnId >= 0n || (request.label !== '' && dbId >= 0n)) return;
  throw invalid(`invalid txn id and label, db_id=${dbId} txn_id=${txnId} label=${request.label}`);
}

/**
 * Aborts a transaction, named by its id or as the one that holds a label. Its rowsets stay where they are until they are
 * recycled. Answers the transaction, also beside an error as far as it is known.
 */
export async function abortTxn(
  call: Call,
  request: AbortTxnRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof AbortTxnResponseSchema>> {
  const info = await (request.txnId > 0n ? namedById : holderOfLabel)(call, request, instanceId);
  const reason = isSet(request, 'reason') ? request.reason : 'User Abort';
  abort(call, instanceId, info, reason, request.commitAttachment);
  return { txnInfo: info };
}

/** Takes a transaction to its end, whose state must allow it; an attachment is kept with it. */
export function abort(
  call: Call,
  instanceId: string,
  info: TxnInfoPB,
  reason: string,
  attachment?: TxnInfoPB['commitAttachment'],
): void {
  const status = stateAfter(info.status, 'abort');
  if (status === undefined) throw refusal(info);
  info.status = status;
  info.finishTime = nowMillis(call);
  info.reason = reason;
  if (attachment) info.commitAttachment = attachment;
  saveTxn(call.txn, instanceId, info);
  saveFinished(call.txn, instanceId, info, info.finishTime);
}

/** A database that is 0, or not given, is looked up. */
async function namedById({ txn }: Call, { txnId, dbId }: AbortTxnRequest, instance_id: string): Promise<TxnInfoPB> {
  const db_id = dbId === 0n ? await findDbOfTxn(txn, instance_id, txnId) : dbId;
  if (db_id === undefined) throw nothing(MetaServiceCode.TXN_ID_NOT_FOUND, `transaction [${txnId}] not found`);
  const info = await findTxn(txn, { instance_id, db_id, txn_id: txnId });
  if (info) return info;
  const message = `failed to get txn_info, db_id=${db_id}txn_id=${txnId}err=KeyNotFound`;
  throw nothing(MetaServiceCode.TXN_ID_NOT_FOUND, message);
}

/** Of the transactions that used a label, only the newest can be unfinished. */
async function holderOfLabel({ txn }: Call, request: AbortTxnRequest, instance_id: string): Promise<TxnInfoPB> {
  const { dbId: db_id, label } = request;
  const found = await findLabel(txn, instance_id, db_id, label);
  if (!found) throw nothing(MetaServiceCode.KV_TXN_GET_ERR, `txn->get() failed, label=${label} err=KeyNotFound`);
  const newestId = found.message.txnIds.at(-1);
  const newest = newestId === undefined ? undefined : await findTxn(txn, { instance_id, db_id, txn_id: newestId });
  if (newestId !== undefined && !newest) {
    throw nothing(MetaServiceCode.KV_TXN_GET_ERR, `txn->get() failed, cur_txn_id=${newestId} err=KeyNotFound`);
  }
  if (newest && stateAfter(newest.status, 'abort') !== undefined) return newest;
  const message = `running transaction not found, db_id=${db_id} label=${label}`;
  throw nothing(MetaServiceCode.TXN_INVALID_STATUS, message);
}

function nothing(code: MetaServiceCode, message: string): MetaError {
  return new MetaError(code, message, { txnInfo: {} });
}

/** The words of the reference for the states in which nothing can be aborted. */
const WORDS: ReadonlyMap<TxnStatus, string> = new Map([
  [TxnStatus.TXN_STATUS_ABORTED, 'aborted'],
  [TxnStatus.TXN_STATUS_VISIBLE, 'VISIBLE'],
  [TxnStatus.TXN_STATUS_COMMITTED, 'COMMITTED'],
]);

function refusal(info: TxnInfoPB): MetaError {
  const word = WORDS.get(info.status) ?? TxnStatus[info.status];
  const message = `transaction [${info.txnId}] is already ${word}, db_id=${info.dbId}`;
  return new MetaError(codeOfState(info.status), message, { txnInfo: info });
}

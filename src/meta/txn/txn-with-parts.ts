import type { Transaction } from '../../kv/store.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TxnInfoPB } from '../../schema/gen/cloud/txn_pb.ts';
import { MetaError } from '../meta-error.ts';
import { findTxn, type TxnFields } from './txn-record.ts';
import { stateAfter } from './txn-state.ts';

/**
 * A transaction whose sub transactions may change, to be changed itself. It must have `sub_txn_num` of them: a caller who
 * counts otherwise has missed one, and learns what there is. `who` stands in the messages behind the transaction's id.
 */
export async function readTxnWithParts(
  txn: Transaction,
  fields: TxnFields,
  subTxnNum: bigint,
  who = '',
): Promise<TxnInfoPB> {
  const { db_id, txn_id } = fields;
  const info = await findTxn(txn, fields);
  if (!info) {
    const message = `failed to get txn_info, db_id=${db_id} txn_id=${txn_id}${who} err=KeyNotFound`;
    throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, message);
  }
  if (stateAfter(info.status, 'change_parts') === undefined) {
    const message = `transaction status is ${info.status} : db_id=${db_id} txn_id=${txn_id}${who}`;
    throw new MetaError(MetaServiceCode.TXN_INVALID_STATUS, message);
  }
  if (BigInt(info.subTxnIds.length) !== subTxnNum) {
    const given = `txn_id=${txn_id},${who && `${who},`} expected sub_txn_num=${subTxnNum}`;
    const message = `sub_txn_num mismatch, ${given}, txn_info.sub_txn_ids=${listText(info.subTxnIds)}`;
    throw new MetaError(MetaServiceCode.UNDEFINED_ERR, message, { txnInfo: info });
  }
  return info;
}

/** "[1, 2, ]", as the reference prints ids. */
export function listText(ids: readonly bigint[]): string {
  return `[${ids.map((id) => `${id}, `).join('')}]`;
}

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AbortSubTxnRequest, AbortSubTxnResponseSchema } from '../../schema/gen/cloud/txn_pb.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { givenId } from './given-id.ts';
import { saveTxn } from './txn-record.ts';
import { listText, readTxnWithParts } from './txn-with-parts.ts';

/** Refuses a request without a transaction, a sub transaction, a count or a database. */
export function checkAbortSubTxn(request: AbortSubTxnRequest): void {
  const [txnId, subTxnId] = [givenId(request, 'txnId'), givenId(request, 'subTxnId')];
  const [num, dbId] = [givenId(request, 'subTxnNum'), givenId(request, 'dbId')];
  if (txnId >= 0n && subTxnId >= 0n && num >= 0n && dbId >= 0n) return;
  const given = `txn_id=${txnId}, sub_txn_id=${subTxnId}, sub_txn_num=${num} db_id=${dbId}`;
  throw invalid(`invalid argument, ${given}, table_ids=${listText(request.tableIds)}`);
}

/**
 * Gives up a sub transaction: the transaction gets the tables of the request in place of those that it had. Its id still
 * counts in `sub_txn_num`. What was written under it stays out of the commit, which names those that it takes.
 */
export async function abortSubTxn(
  { txn }: Call,
  { dbId: db_id, txnId: txn_id, subTxnId, subTxnNum, tableIds }: AbortSubTxnRequest,
  instance_id: string,
): Promise<MessageInitShape<typeof AbortSubTxnResponseSchema>> {
  const fields = { instance_id, db_id, txn_id };
  const info = await readTxnWithParts(txn, fields, subTxnNum, ` sub_txn_id=${subTxnId}`);
  info.tableIds = tableIds;
  saveTxn(txn, instance_id, info);
  return { txnInfo: info };
}

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { BeginSubTxnRequest, BeginSubTxnResponseSchema } from '../../schema/gen/cloud/txn_pb.ts';
import type { CallInSteps } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { givenId } from './given-id.ts';
import { newTxnId } from './new-txn-id.ts';
import { saveTxn, saveTxnIndex } from './txn-record.ts';
import { listText, readTxnWithParts } from './txn-with-parts.ts';

/** Refuses a request without a transaction, a count, a database, a table or a label. */
export function checkBeginSubTxn(request: BeginSubTxnRequest): void {
  const [txnId, num, dbId] = [givenId(request, 'txnId'), givenId(request, 'subTxnNum'), givenId(request, 'dbId')];
  const { label, tableIds } = request;
  if (txnId >= 0n && num >= 0n && dbId >= 0n && tableIds.length > 0 && label !== '') return;
  const given = `txn_id=${txnId}, sub_txn_num=${num} db_id=${dbId}, label=${label}, table_ids=${listText(tableIds)}`;
  throw invalid(`invalid argument, ${given}`);
}

/**
 * Begins a sub transaction, one statement of a transaction load: it gets an id of its own, under which its rowsets come,
 * and the transaction gets the tables of the request in place of those that it had. `sub_txn_num` must be the number of
 * its sub transactions so far.
 *
 * A label is asked for, and not kept: labels belong to transactions, and a sub transaction that is called like one must
 * not take its label from it.
 */
export async function beginSubTxn(
  call: CallInSteps,
  { dbId: db_id, txnId: txn_id, subTxnNum, tableIds }: BeginSubTxnRequest,
  instance_id: string,
): Promise<MessageInitShape<typeof BeginSubTxnResponseSchema>> {
  const fields = { instance_id, db_id, txn_id };
  const { txnId: subTxnId } = await newTxnId(call, instance_id, async ({ txn }) => {
    await readTxnWithParts(txn, fields, subTxnNum);
  });
  return call.transact(async ({ txn }) => {
    const info = await readTxnWithParts(txn, fields, subTxnNum);
    info.subTxnIds.push(subTxnId);
    info.tableIds = tableIds;
    saveTxnIndex(txn, instance_id, subTxnId);
    saveTxn(txn, instance_id, info);
    return { subTxnId, txnInfo: info };
  });
}

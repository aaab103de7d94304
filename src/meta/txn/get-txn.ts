import type { MessageInitShape } from '@bufbuild/protobuf';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { GetTxnRequest, GetTxnResponseSchema } from '../../schema/gen/cloud/txn_pb.ts';
import type { Call } from '../call.ts';
import { failed, invalid, MetaError } from '../meta-error.ts';
import { givenId } from './given-id.ts';
import { findLabel } from './txn-label.ts';
import { readDbOfTxn, readTxn } from './txn-record.ts';

/** Refuses a request that names neither a transaction nor a label. */
export function checkGetTxn(request: GetTxnRequest): void {
  const txnId = givenId(request, 'txnId');
  if (txnId >= 0n || request.label !== '') return;
  throw invalid(`invalid txn_id, it may be not given or set properly, txn_id=${txnId}`);
}

/** A transaction by its id, whose database is looked up when it is not given, or the newest of a label in a database. */
export async function getTxn(
  { txn }: Call,
  request: GetTxnRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetTxnResponseSchema>> {
  const given = givenId(request, 'dbId');
  let txnId = givenId(request, 'txnId');
  if (request.label !== '') {
    const found = await findLabel(txn, instanceId, given, request.label);
    if (!found) throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, `Label [${request.label}] has not found`);
    for (const id of found.message.txnIds) if (id > txnId) txnId = id;
  }
  const dbId = given < 0n ? await readDbOfTxn(txn, instanceId, txnId) : given;
  // A sub transaction has no database of its own, and a database 0 must be named.
  if (given < 0n && dbId <= 0n) throw failed(`internal error: unexpected db_id ${dbId}`);
  return { txnInfo: await readTxn(txn, { instance_id: instanceId, db_id: dbId, txn_id: txnId }) };
}

import type { PrecommitTxnRequest } from '../../schema/gen/cloud/txn_pb.ts';
import { type Call, nowMillis } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { givenId } from './given-id.ts';
import { readDbOfTxn, readTxn, saveRunning, saveTxn } from './txn-record.ts';
import { alreadyThere, stateAfter } from './txn-state.ts';

/** Refuses a request that names neither a transaction nor a database. */
export function checkPrecommitTxn(request: PrecommitTxnRequest): void {
  const [txnId, dbId] = [givenId(request, 'txnId'), givenId(request, 'dbId')];
  if (txnId < 0n && dbId < 0n) throw invalid(`invalid argument, txn_id=${txnId} db_id=${dbId}`);
}

/**
 * The first phase of a commit in two: the data of the transaction is complete, and the second phase must follow within the
 * `precommit_timeout_ms` that it began with. Without a database in the request, it is looked up.
 */
export async function precommitTxn(
  call: Call,
  request: PrecommitTxnRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  const [txnId, given] = [givenId(request, 'txnId'), givenId(request, 'dbId')];
  const dbId = given < 0n ? await readDbOfTxn(call.txn, instanceId, txnId) : given;
  const info = await readTxn(call.txn, { instance_id: instanceId, db_id: dbId, txn_id: txnId });
  const status = stateAfter(info.status, 'precommit');
  if (status === undefined) throw alreadyThere(info);
  info.status = status;
  info.precommitTime = nowMillis(call);
  if (request.commitAttachment) info.commitAttachment = request.commitAttachment;
  saveTxn(call.txn, instanceId, info);
  saveRunning(call.txn, instanceId, info, info.precommitTime, info.precommitTimeoutMs);
  return {};
}

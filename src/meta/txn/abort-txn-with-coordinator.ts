import { keys } from '../../keys/key-table.ts';
import { readRecords } from '../../records/message-record.ts';
import {
  type AbortTxnWithCoordinatorRequest,
  TxnSourceTypePB as Source,
  type TxnInfoPB,
  TxnStatusPB as TxnStatus,
} from '../../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call, CallInSteps } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { abort } from './abort-txn.ts';
import { type RunningTxn, throughRunningTxns } from './running-txns.ts';
import { fieldsOfTxn, findTxn } from './txn-record.ts';

export function checkAbortTxnWithCoordinator(request: AbortTxnWithCoordinatorRequest): void {
  if (isSet(request, 'id') && isSet(request, 'ip') && isSet(request, 'startTime')) return;
  throw invalid('invalid coordinate id, coordinate ip or coordinate start time.');
}

/**
 * Aborts the transactions, in all databases, that a backend was coordinating before it started anew at `start_time`: they
 * are prepared and nobody will go on with them.
 *
 * Many running transactions are gone through in several steps. If one of them fails, those before it stand, and the same
 * call again does the rest.
 */
export async function abortTxnWithCoordinator(
  call: CallInSteps,
  request: AbortTxnWithCoordinatorRequest,
  instance_id: string,
): Promise<Record<string, never>> {
  const range = keys.txnRunning.range({ instance_id });
  const steps = throughRunningTxns(call, range, (step, txns) => abortOrphans(step, txns, request, instance_id));
  for await (const _step of steps);
  return {};
}

async function abortOrphans(
  call: Call,
  txns: readonly RunningTxn[],
  request: AbortTxnWithCoordinatorRequest,
  instanceId: string,
): Promise<void> {
  const fields = txns.map((running) => running.fields);
  const seen = await readRecords(call.txn, keys.txnInfo, fields, { snapshot: true });
  for (const info of seen) {
    if (!info || !isOrphan(info, request)) continue;
    // Read once more for the commit to rely on: a transaction that commits at the same time must not be aborted.
    const orphan = await findTxn(call.txn, fieldsOfTxn(instanceId, info));
    if (orphan) abort(call, instanceId, orphan, 'Abort because coordinate be restart/stop');
  }
}

function isOrphan({ status, coordinator }: TxnInfoPB, { id, ip, startTime }: AbortTxnWithCoordinatorRequest): boolean {
  if (status !== TxnStatus.TXN_STATUS_PREPARED || coordinator?.sourceType !== Source.TXN_SOURCE_TYPE_BE) return false;
  return coordinator.id === id && coordinator.ip === ip && coordinator.startTime < startTime;
}

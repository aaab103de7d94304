import type { MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { readRecords } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import {
  type CheckTxnConflictRequest,
  type CheckTxnConflictResponseSchema,
  type TxnInfoPB,
  TxnStatusPB as TxnStatus,
} from '../../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, type CallInSteps, nowMillis } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { type RunningTxn, throughRunningTxns } from './running-txns.ts';

export function checkConflictRequest(request: CheckTxnConflictRequest): void {
  if (isSet(request, 'dbId') && isSet(request, 'endTxnId') && request.tableIds.length > 0) return;
  throw invalid('invalid db id, end txn id or table_ids.');
}

/**
 * The transactions of a database with ids below `end_txn_id` that are unfinished, have not timed out and touch one of the
 * tables. A schema change waits until there are none.
 *
 * Many running transactions are looked at in several steps, each a little later: one that runs all the while is found,
 * one that ends meanwhile may be found or not. `ignore_timeout_txn` makes no difference: those that have timed out never
 * count. One that is committed lazily does, timed out or not: it is decided, and its rowsets follow. Where its server has
 * died, it is finished for this.
 */
export async function checkTxnConflict(
  call: CallInSteps,
  { dbId: db_id, endTxnId, tableIds }: CheckTxnConflictRequest,
  instance_id: string,
): Promise<MessageInitShape<typeof CheckTxnConflictResponseSchema>> {
  // Ids are positive, and a range must not end before it begins.
  if (endTxnId <= 0n) return { finished: true };
  const range = keys.txnRunning.span({ instance_id, db_id, txn_id: 0n }, { instance_id, db_id, txn_id: endTxnId });
  const tables = new Set(tableIds);
  const conflictTxns: TxnInfoPB[] = [];
  const touches = ({ running }: RunningTxn) => running.tableIds.some((table) => tables.has(table));
  const steps = throughRunningTxns(call, range, (step, txns) => inTheWay(step, txns.filter(touches)));
  for await (const infos of steps) conflictTxns.push(...infos);
  return { finished: conflictTxns.length === 0, conflictTxns };
}

async function inTheWay(step: Call, txns: readonly RunningTxn[]): Promise<TxnInfoPB[]> {
  const now = nowMillis(step);
  const fields = txns.map((txn) => txn.fields);
  const infos = await readRecords(step.txn, keys.txnInfo, fields, { snapshot: true });
  return txns.flatMap(({ fields: place, running }, i) => {
    const info = infos[i];
    if (info?.status === TxnStatus.TXN_STATUS_COMMITTED) {
      step.lazyCommits.start(place.instance_id, place.txn_id);
      return info;
    }
    if (running.timeoutTime < now) return [];
    if (info) return info;
    const key = keys.txnInfo.encode(place).toString('hex');
    throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, `failed to get txn_info, conflict_txn_info_key=${key}`);
  });
}

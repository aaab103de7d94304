import { keys } from '../../keys/key-table.ts';
import { collectPage } from '../../kv/collect-range.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords } from '../../records/message-record.ts';
import { readStampedRecords, stampedFromValue } from '../../records/stamped-record.ts';
import type { CleanTxnLabelRequest, TxnInfoPB } from '../../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { CallInSteps } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { forgetSubTxns, forgetTxn, type LabelFields, leaveLabel } from './forget-txn.ts';
import { isFinished } from './txn-state.ts';

/** Labels that one step looks at, and transactions after which it takes no further label. */
const LABELS_A_STEP = 256;
const TXNS_A_STEP = 500;

export function checkCleanTxnLabel(request: CleanTxnLabelRequest): void {
  if (!isSet(request, 'dbId')) throw invalid('missing db id');
}

/**
 * Forgets the finished transactions of a label, so that it can be used again, or without a label those of all labels of
 * the database. Unfinished ones stay. Of several labels only the first counts, as in Doris.
 *
 * All labels of a database are cleaned in several steps. If one of them fails, those before it stand, and the same call
 * again does the rest.
 */
export async function cleanTxnLabel(
  call: CallInSteps,
  { dbId: db_id, labels: [label] }: CleanTxnLabelRequest,
  instance_id: string,
): Promise<Record<string, never>> {
  if (label !== undefined) {
    await call.transact((step) => cleanLabels(step.txn, instance_id, [{ instance_id, db_id, label }]));
    return {};
  }
  const { begin, end } = keys.txnLabel.range({ instance_id, db_id });
  let from: Uint8Array | undefined = begin;
  while (from !== undefined) {
    const at: Uint8Array = from;
    from = await call.transact((step) => cleanSomeLabels(step.txn, instance_id, at, end));
  }
  return {};
}

/** Cleans the first labels of a range of keys, and answers where to go on, if anything can follow. */
async function cleanSomeLabels(
  txn: Transaction,
  instance_id: string,
  begin: Uint8Array,
  end: Uint8Array,
): Promise<Uint8Array | undefined> {
  // Labels that others use for the first time meanwhile are no conflict. What is cleaned is read once more, to rely on.
  const { pairs, rest } = await collectPage(txn, begin, end, { limit: LABELS_A_STEP, snapshot: true });
  const labels: LabelFields[] = [];
  let txns = 0;
  let next = rest;
  for (const { key, value } of pairs) {
    if (txns >= TXNS_A_STEP) {
      next = key;
      break;
    }
    txns += stampedFromValue(keys.txnLabel, key, value).message.txnIds.length;
    const fields = keys.txnLabel.decode(key);
    // A key that is none of ours can't be asked for by anyone, and is passed over.
    if (fields) labels.push(fields);
  }
  await cleanLabels(txn, instance_id, labels);
  return next;
}

async function cleanLabels(txn: Transaction, instance_id: string, labels: readonly LabelFields[]): Promise<void> {
  const found = await readStampedRecords(txn, keys.txnLabel, labels);
  const used = labels.flatMap(({ db_id }, i) =>
    (found[i]?.message.txnIds ?? []).map((txn_id) => ({ instance_id, db_id, txn_id })),
  );
  const infos = await readRecords(txn, keys.txnInfo, used);
  const over = used.filter((_, i) => isOver(infos[i]));
  for (const fields of over) forgetTxn(txn, fields);
  await forgetSubTxns(
    txn,
    instance_id,
    infos.filter(isOver).flatMap((info) => info?.subTxnIds ?? []),
  );
  const forgotten = new Set(over.map(({ txn_id }) => txn_id));
  for (const [i, fields] of labels.entries()) leaveLabel(txn, fields, found[i], forgotten);
}

/** Of a transaction that is lost there is nothing to keep. */
function isOver(info: TxnInfoPB | undefined): boolean {
  return info === undefined || isFinished(info);
}

import { keys } from '../../keys/key-table.ts';
import { nowMillis } from '../../meta/call.ts';
import { forgetTxns } from '../../meta/txn/forget-txn.ts';
import { isFinished } from '../../meta/txn/txn-state.ts';
import { readRecords } from '../../records/message-record.ts';
import { type RecycleTxnPB, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { inBatches } from '../in-batches.ts';
import { ContradictionError } from '../note-failure.ts';
import { type FoundRecord, hexOf, isUnchanged, recordsOfPage } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import type { Sweep, SweepContext } from '../sweep.ts';

type FinishedTxn = FoundRecord<typeof keys.recycleTxn.shape>;

const TXNS_AT_ONCE = 100;

/**
 * Forgets the transactions that finished longer than `label_keep_max_second` ago, or that said to be forgotten at once:
 * records, ids, those of sub transactions, and their places in labels, which can then be used again.
 */
export const recycleExpiredTxnLabel: Sweep = {
  name: 'recycle_expired_txn_label',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    for await (const page of scanInPages(store, keys.recycleTxn.range({ instance_id }))) {
      signal.throwIfAborted();
      progress.scanned(page.length);
      const finished = recordsOfPage(context, keys.recycleTxn, page);
      const due = finished.filter(({ record }) => reasonToForget(context, record) !== undefined);
      progress.found(due.length);
      await inBatches(context, due, { size: TXNS_AT_ONCE, nameOf, work: (some) => forgetSome(context, some) });
    }
  },
};

function reasonToForget(context: SweepContext, { immediate, creationTime }: RecycleTxnPB): string | undefined {
  const { label_keep_max_second, force_immediate_recycle } = context.settings;
  if (immediate) return 'it is not to be kept';
  if (force_immediate_recycle) return 'force_immediate_recycle is set';
  const due_ms = creationTime + BigInt(label_keep_max_second) * 1000n;
  return due_ms <= nowMillis(context) ? 'it finished longer than label_keep_max_second ago' : undefined;
}

/**
 * Forgets those whose recycle keys are still as they were read. A record that is lost leaves the rest to be removed; one
 * that is not finished is left as it is.
 */
async function forgetSome(context: SweepContext, due: readonly FinishedTxn[]): Promise<void> {
  const { store, instance_id, progress, dry_run } = context;
  const forgotten = await store.transact(async (txn) => {
    const values = await txn.getMany(due.map(({ pair }) => pair.key));
    const unchanged = due.filter(({ pair }, i) => isUnchanged(pair, values[i]));
    const fields = unchanged.map((each) => each.fields);
    const infos = await readRecords(txn, keys.txnInfo, fields);
    for (const info of infos) {
      if (info && !isFinished(info)) {
        throw new ContradictionError(`it is said to be finished, and is ${TxnStatus[info.status]}`);
      }
    }
    const over = unchanged.map(({ fields, record }, i) => ({
      fields,
      label: infos[i]?.label ?? record.label,
      subTxnIds: infos[i]?.subTxnIds ?? [],
    }));
    if (!dry_run) await forgetTxns(txn, instance_id, over);
    return unchanged;
  });
  if (!dry_run) progress.deleted(forgotten.length);
  else for (const { pair, record } of forgotten) plan(context, pair, record);
}

function plan(context: SweepContext, pair: FinishedTxn['pair'], record: RecycleTxnPB): void {
  context.progress.planned({ what: hexOf(pair), why: reasonToForget(context, record) ?? '' });
}

function nameOf({ fields: { db_id, txn_id } }: FinishedTxn): string {
  return `transaction ${txn_id} of database ${db_id}`;
}

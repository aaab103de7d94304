import { keys } from '../../keys/key-table.ts';
import { type Call, nowMillis } from '../../meta/call.ts';
import { abort } from '../../meta/txn/abort-txn.ts';
import { stateAfter } from '../../meta/txn/txn-state.ts';
import { readRecords } from '../../records/message-record.ts';
import { TxnInfoPBSchema, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { fieldScan } from '../../schema/scan-fields.ts';
import { inBatches } from '../in-batches.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { type FoundRecord, hexOf, recordsOfPage } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import type { Sweep, SweepContext } from '../sweep.ts';

type RunningTxn = FoundRecord<typeof keys.txnRunning.shape>;

const scanStatus = fieldScan(TxnInfoPBSchema, ['status']);

const TXNS_A_PAGE = 256;
/** A transaction's record has 100 kB at most, so that these stay below what the store takes at once. */
const TXNS_AT_ONCE = 64;

/**
 * Aborts the transactions that have timed out: prepared ones by the timeout that they began with, precommitted ones by
 * that of the second phase, which their running keys have since. What was committed lazily is brought to its end, whatever
 * the time: it is decided, and never aborted.
 */
export const abortTimeoutTxn: Sweep = {
  name: 'abort_timeout_txn',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    const range = keys.txnRunning.range({ instance_id });
    for await (const page of scanInPages(store, range, { page_pairs: TXNS_A_PAGE })) {
      signal.throwIfAborted();
      progress.scanned(page.length);
      const running = recordsOfPage(context, keys.txnRunning, page);
      await finishCommitted(context, await committedAmong(context, running));
      const due = running.filter(({ record }) => isTimedOut(record.timeoutTime, nowMillis(context)));
      await inBatches(context, due, { size: TXNS_AT_ONCE, nameOf, work: (some) => abortSome(context, some) });
    }
  },
};

/** Those that were committed lazily. A record that can't be read is met again, and noted, when its time has come. */
async function committedAmong({ store }: SweepContext, running: readonly RunningTxn[]): Promise<RunningTxn[]> {
  const values = await store.transact((txn) =>
    txn.getMany(
      running.map(({ fields }) => keys.txnInfo.encode(fields)),
      { snapshot: true },
    ),
  );
  return running.filter((_, i) => statusOf(values[i]) === TxnStatus.TXN_STATUS_COMMITTED);
}

async function finishCommitted(context: SweepContext, committed: readonly RunningTxn[]): Promise<void> {
  const { services, instance_id, progress, signal, dry_run } = context;
  progress.found(committed.length);
  for (const found of committed) {
    signal.throwIfAborted();
    if (dry_run) {
      progress.planned({ what: hexOf(found.pair), why: 'it is committed, and would be made visible' });
      continue;
    }
    try {
      await services.lazyCommits.finish(instance_id, found.fields.txn_id);
      progress.deleted(1);
    } catch (error) {
      noteFailure(context, nameOf(found), error);
    }
  }
}

/** Aborts those that are timed out still, in one transaction of the store, which any move of theirs meanwhile undoes. */
async function abortSome({ progress, dry_run, ...context }: SweepContext, due: readonly RunningTxn[]): Promise<void> {
  const { store, services, now_ms, instance_id } = context;
  const aborted = await store.transact(async (txn) => {
    const call: Call = { ...services, now_ms, txn, waitedFor: new Set() };
    const fields = due.map((each) => each.fields);
    const running = await readRecords(txn, keys.txnRunning, fields);
    const infos = await readRecords(txn, keys.txnInfo, fields, { editable: true });
    const gone: RunningTxn[] = [];
    for (const [i, each] of due.entries()) {
      const timeout_ms = running[i]?.timeoutTime;
      if (timeout_ms === undefined || !isTimedOut(timeout_ms, nowMillis(call))) continue;
      const info = infos[i];
      if (!info) throw new ContradictionError('it is said to run, and has no record');
      if (info.status === TxnStatus.TXN_STATUS_COMMITTED) continue;
      if (stateAfter(info.status, 'abort') === undefined) {
        throw new ContradictionError(`it is said to run, and is ${TxnStatus[info.status]}`);
      }
      if (!dry_run) abort(call, instance_id, info, 'timeout');
      gone.push(each);
    }
    return gone;
  });
  progress.found(aborted.length);
  if (!dry_run) progress.deleted(aborted.length);
  else for (const { pair } of aborted) progress.planned({ what: hexOf(pair), why: 'timeout' });
}

function statusOf(value: Uint8Array | undefined): number | undefined {
  try {
    return value && scanStatus(value).status;
  } catch {
    return undefined;
  }
}

function isTimedOut(timeout_ms: bigint, now_ms: bigint): boolean {
  return timeout_ms <= now_ms;
}

function nameOf({ fields: { db_id, txn_id } }: RunningTxn): string {
  return `transaction ${txn_id} of database ${db_id}`;
}

import type { DecodedFields, KeyRange } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import { collectPage } from '../../kv/collect-range.ts';
import type { KeyValue } from '../../kv/store.ts';
import { recordFromValue } from '../../records/message-record.ts';
import type { TxnRunningPB } from '../../schema/gen/cloud/txn_pb.ts';
import type { Call, CallInSteps } from '../call.ts';

export interface RunningTxn {
  readonly fields: DecodedFields<typeof keys.txnRunning.shape>;
  readonly running: TxnRunningPB;
}

/** How many transactions one step looks at. */
const TXNS_A_STEP = 256;

/**
 * Shows `look` the unfinished transactions of a range of keys, in the order of databases and ids, and yields what it
 * answers. Since there may be many, each few of them are a transaction of the store of their own: one that is unfinished
 * all the while is seen, one that begins or ends meanwhile may be or not, and what `look` has changed stays changed when a
 * later step fails.
 */
export async function* throughRunningTxns<Result>(
  call: CallInSteps,
  { begin, end }: KeyRange,
  look: (step: Call, txns: readonly RunningTxn[]) => Promise<Result>,
): AsyncGenerator<Result> {
  let from: Uint8Array | undefined = begin;
  while (from !== undefined) {
    const at: Uint8Array = from;
    const { result, rest } = await call.transact(async (step) => {
      // What `look` relies on it reads itself: others may begin and end transactions beside it.
      const page = await collectPage(step.txn, at, end, { limit: TXNS_A_STEP, snapshot: true });
      return { result: await look(step, page.pairs.flatMap(runningTxn)), rest: page.rest };
    });
    yield result;
    from = rest;
  }
}

/** A key that is none of ours can't be asked for by anyone, and is passed over. */
function runningTxn({ key, value }: KeyValue): RunningTxn[] {
  const fields = keys.txnRunning.decode(key);
  return fields ? [{ fields, running: recordFromValue(keys.txnRunning, Buffer.from(key), value) }] : [];
}

import type { VersionPB } from '../../schema/gen/cloud/version_pb.ts';
import type { Call, CallInSteps } from '../call.ts';
import { failed, MetaError } from '../meta-error.ts';
import { pendingTxn } from '../version/partition-version.ts';

/** Thrown in a transaction that has met lazy commits on their way, which must be finished before it can go on. */
export class UnsettledError extends Error {
  override readonly name = 'UnsettledError';

  constructor(readonly txnIds: ReadonlySet<bigint>) {
    super(`transactions ${[...txnIds].join(', ')} are committed and not visible yet`);
  }
}

/** Throws an UnsettledError where a lazy commit has taken the next version of a partition, for `transactSettled` to catch. */
export function mustBeSettled(versions: Iterable<VersionPB | undefined>): void {
  const pending = new Set<bigint>();
  for (const version of versions) {
    const txnId = pendingTxn(version);
    if (txnId !== undefined) pending.add(txnId);
  }
  if (pending.size > 0) throw new UnsettledError(pending);
}

/**
 * Runs `work` in a transaction and commits it. Where `work` meets lazy commits that are not finished, it finishes them and
 * runs `work` again: whoever needs what such a commit has decided brings it to its end, so that none stays behind whose
 * server has died.
 */
export async function transactSettled<T>(
  call: CallInSteps,
  instanceId: string,
  work: (step: Call) => Promise<T>,
): Promise<T> {
  const finished = new Set<bigint>();
  for (;;) {
    try {
      return await call.transact(work);
    } catch (error) {
      if (!(error instanceof UnsettledError)) throw error;
      for (const txnId of error.txnIds) {
        // It can't be met twice but in a store that is damaged, where this would go on forever.
        if (finished.has(txnId)) throw failed(`transaction ${txnId} is finished, and a partition still waits for it`);
        await finishFor(call, instanceId, txnId);
        finished.add(txnId);
      }
    }
  }
}

async function finishFor(call: CallInSteps, instanceId: string, txnId: bigint): Promise<void> {
  try {
    await call.lazyCommits.finish(instanceId, txnId);
  } catch (error) {
    if (!(error instanceof MetaError)) throw error;
    // The code would be taken for one of the call's own transaction.
    throw failed(`transaction ${txnId}, which comes first, can't be finished: ${error.message}`);
  }
}

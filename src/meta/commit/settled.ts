import type { VersionPB } from '../../schema/gen/cloud/version_pb.ts';
import { failed, MetaError } from '../meta-error.ts';
import { pendingTxn } from '../version/partition-version.ts';
import type { LazyCommits } from './lazy-commits.ts';

/** Thrown in a transaction of the store that can't go on before transactions that are committed have become visible. */
export class UnsettledError extends Error {
  override readonly name = 'UnsettledError';

  constructor(
    readonly instanceId: string,
    readonly txnIds: ReadonlySet<bigint>,
  ) {
    super(`transactions ${[...txnIds].join(', ')} are committed and not visible yet`);
  }
}

/** Throws an UnsettledError where a lazy commit has taken the next version of a partition. */
export function mustBeSettled(instanceId: string, versions: Iterable<VersionPB | undefined>): void {
  const pending = new Set<bigint>();
  for (const version of versions) {
    const txnId = pendingTxn(version);
    if (txnId !== undefined) pending.add(txnId);
  }
  if (pending.size > 0) throw new UnsettledError(instanceId, pending);
}

/**
 * Runs `work` again as often as it meets lazy commits that are not visible yet, each time when they are: whoever needs what
 * such a commit has decided brings it to its end. So none stays behind whose server has died.
 */
export async function settled<T>(lazyCommits: LazyCommits, work: () => Promise<T>): Promise<T> {
  const finished = new Set<string>();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnsettledError)) throw error;
      for (const txnId of error.txnIds) {
        const name = `${txnId}/${error.instanceId}`;
        // It can't be met twice but in a store that is damaged, where this would go on for ever.
        if (finished.has(name)) throw failed(`transaction ${txnId} is finished, and a partition still waits for it`);
        await finishFirst(lazyCommits, error.instanceId, txnId);
        finished.add(name);
      }
    }
  }
}

async function finishFirst(lazyCommits: LazyCommits, instanceId: string, txnId: bigint): Promise<void> {
  try {
    await lazyCommits.finish(instanceId, txnId);
  } catch (error) {
    if (!(error instanceof MetaError)) throw error;
    // Its code would be taken for one of the caller's own transaction.
    throw failed(`transaction ${txnId}, which comes first, can't be finished: ${error.message}`);
  }
}

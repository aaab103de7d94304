import { type Awaitable, attempt } from '../../awaitable.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { VersionPB } from '../../schema/gen/cloud/version_pb.ts';
import type { Call } from '../call.ts';
import { failed, MetaError } from '../meta-error.ts';
import { pendingTxn } from '../version/partition-version.ts';
import { inTime, MOST_WAITED_MS } from './in-time.ts';
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
  const pending = pendingTxns(versions);
  if (pending.size > 0) throw new UnsettledError(instanceId, pending);
}

/**
 * As `mustBeSettled`, for a call that only wants to know all that was decided before it came. What is decided while it
 * waits for that comes after it, and is not waited for: of many partitions, one or the other may always be pending.
 */
export function mustHaveBeenSettled(
  { waitedFor }: Pick<Call, 'waitedFor'>,
  instanceId: string,
  versions: Iterable<VersionPB | undefined>,
): void {
  const pending = pendingTxns(versions);
  const due = waitedFor.size === 0 ? pending : new Set([...pending].filter((txnId) => waitedFor.has(txnId)));
  if (due.size > 0) throw new UnsettledError(instanceId, due);
}

function pendingTxns(versions: Iterable<VersionPB | undefined>): Set<bigint> {
  const pending = new Set<bigint>();
  for (const version of versions) {
    const txnId = pendingTxn(version);
    if (txnId !== undefined) pending.add(txnId);
  }
  return pending;
}

/**
 * Runs `work` again as often as it meets lazy commits that are not visible yet, each time when they are: whoever needs what
 * such a commit has decided brings it to its end. So none stays behind whose server has died. `work` is told what has been
 * waited for. Throws KV_TXN_CONFLICT when that takes too long; they go on, and the caller may ask again.
 */
export function settled<T>(
  lazyCommits: LazyCommits,
  work: (waitedFor: ReadonlySet<bigint>) => Awaitable<T>,
): Awaitable<T> {
  return attempt(
    () => work(NONE),
    (error) => againWhenSettled(lazyCommits, work, error),
  );
}

const NONE: ReadonlySet<bigint> = new Set();

/** Runs `work` again, which has failed with `error`. */
async function againWhenSettled<T>(
  lazyCommits: LazyCommits,
  work: (waitedFor: ReadonlySet<bigint>) => Awaitable<T>,
  error: unknown,
): Promise<T> {
  const waitedFor = new Set<bigint>();
  const until_ms = performance.now() + MOST_WAITED_MS;
  for (let failure = error; ; ) {
    if (!(failure instanceof UnsettledError)) throw failure;
    for (const txnId of failure.txnIds) {
      // It can't be met twice but in a store that is damaged, where this would go on for ever.
      if (waitedFor.has(txnId)) throw failed(`transaction ${txnId} is finished, and a partition still waits for it`);
      const most_ms = until_ms - performance.now();
      await inTime(most_ms, finishFirst(lazyCommits, failure.instanceId, txnId), () => stillPending(txnId));
      waitedFor.add(txnId);
    }
    try {
      return await work(waitedFor);
    } catch (again) {
      failure = again;
    }
  }
}

async function finishFirst(lazyCommits: LazyCommits, instanceId: string, txnId: bigint): Promise<void> {
  try {
    await lazyCommits.help(instanceId, txnId);
  } catch (error) {
    if (!(error instanceof MetaError)) throw error;
    // Its code would be taken for one of the caller's own transaction.
    throw failed(`transaction ${txnId}, which comes first, can't be finished: ${error.message}`);
  }
}

/** Frontends and backends send a call again that a conflict has refused. */
function stillPending(txnId: bigint): MetaError {
  const message = `transaction ${txnId}, which comes first, is committed and not visible yet, try again`;
  return new MetaError(MetaServiceCode.KV_TXN_CONFLICT, message);
}

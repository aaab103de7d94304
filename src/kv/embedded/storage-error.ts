import { StoreError, StoreErrorCode } from '../store-error.ts';
import type { Snapshots } from './snapshots.ts';

/** A `storage` StoreError that says what could not be done and why. A StoreError of another kind stays what it is. */
export function storageError(what: string, error: unknown): StoreError {
  if (error instanceof StoreError && error.code !== StoreErrorCode.Storage) {
    return error;
  }
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  return new StoreError(StoreErrorCode.Storage, `${what}: ${reason}.`, { cause: error });
}

/**
 * What the transactions of a failed batch are told: that nothing was written, or, unless the store shows that, that it
 * can't be known. Without a `version_before` nothing had been handed over yet.
 */
export async function commitFailure(
  error: unknown,
  version_before: bigint | undefined,
  snapshots: Snapshots,
): Promise<StoreError> {
  const reason = await innerReason(error);
  if (version_before === undefined) {
    return storageError('The commit could not be written', reason);
  }
  try {
    snapshots.lookAgain();
    const now = snapshots.take();
    const untouched = now.version() === version_before;
    now.release();
    if (untouched) {
      return storageError('The commit could not be written; the store is as it was before', reason);
    }
  } catch {
    // Not even reading works, so what is on disk can't be told.
  }
  return new StoreError(StoreErrorCode.CommitUnknown, 'The commit failed at its end and may have been written.', {
    cause: reason,
  });
}

/** lmdb hands the reason of a failed commit over in a second promise. */
async function innerReason(error: unknown): Promise<unknown> {
  if (error instanceof Error && 'commitError' in error && error.commitError instanceof Promise) {
    return error.commitError.catch((reason: unknown) => reason);
  }
  return error;
}

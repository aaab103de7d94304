import { StoreError, StoreErrorCode } from '../store-error.ts';

/** A `storage` StoreError that says what could not be done and why. A StoreError of another kind stays what it is. */
export function storageError(what: string, error: unknown): StoreError {
  if (error instanceof StoreError && error.code !== StoreErrorCode.Storage) {
    return error;
  }
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  return new StoreError(StoreErrorCode.Storage, `${what}: ${reason}.`, { cause: error });
}

/** What the transactions of a batch are told that LMDB has failed to write, given whether it goes on taking writes. */
export async function commitFailure(error: unknown, takes_writes: boolean): Promise<StoreError> {
  const reason = await innerReason(error);
  if (takes_writes) return storageError('The commit could not be written; the store is as it was before', reason);
  return new StoreError(
    StoreErrorCode.CommitUnknown,
    'The commit failed at its end; whether it was written will show when the store is opened again.',
    { cause: reason },
  );
}

/** lmdb hands the reason of a failed commit over in a second promise. */
async function innerReason(error: unknown): Promise<unknown> {
  if (error instanceof Error && 'commitError' in error && error.commitError instanceof Promise) {
    return error.commitError.catch((reason: unknown) => reason);
  }
  return error;
}

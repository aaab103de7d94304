import { StoreError, StoreErrorCode } from '../store-error.ts';

/** A `storage` StoreError that says what could not be done and why. A StoreError of another kind stays what it is. */
export function storageError(what: string, error: unknown): StoreError {
  if (error instanceof StoreError && error.code !== StoreErrorCode.Storage) {
    return error;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreError(StoreErrorCode.Storage, `${what}: ${reason}.`.replace('..', '.'), { cause: error });
}

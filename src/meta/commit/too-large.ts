import { StoreError, StoreErrorCode } from '../../kv/store-error.ts';

/** Thrown where a commit finds more than fits into one transaction of the store, or than is meant to. */
export class TooLargeAtOnceError extends Error {
  override readonly name = 'TooLargeAtOnceError';
}

/** Whether a commit failed for being too large for one transaction of the store, be it before or after it was tried. */
export function isTooLargeAtOnce(error: unknown): boolean {
  if (error instanceof TooLargeAtOnceError) return true;
  return error instanceof StoreError && error.code === StoreErrorCode.TransactionTooLarge;
}

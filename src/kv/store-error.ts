/** What went wrong in a store, in terms that hold for every engine. */
export const StoreErrorCode = {
  /** Something that the transaction read was changed by a commit since. */
  Conflict: 'conflict',
  /** The transaction's snapshot is older than the engine keeps. */
  TooOld: 'too_old',
  /** The commit may have been written, and the engine could not find out whether it was. */
  CommitUnknown: 'commit_unknown',
  TimedOut: 'timed_out',
  /** More transactions are waiting than the engine takes at a time. */
  Busy: 'busy',
  KeyTooLarge: 'key_too_large',
  ValueTooLarge: 'value_too_large',
  TransactionTooLarge: 'transaction_too_large',
  /** A call that the interface does not allow: a used transaction, a range that ends before it begins. */
  Misuse: 'misuse',
  /** Another process has the store open. */
  InUse: 'in_use',
  Closed: 'closed',
  /** The disk is full, unreadable, or what is on it is not a store of ours. */
  Storage: 'storage',
} as const;
export type StoreErrorCode = (typeof StoreErrorCode)[keyof typeof StoreErrorCode];

const RETRYABLE: ReadonlySet<StoreErrorCode> = new Set([
  StoreErrorCode.Conflict,
  StoreErrorCode.TooOld,
  StoreErrorCode.Busy,
]);

/** The one error type of every engine: callers never see an engine's own. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** Whether nothing was written, and the same work may succeed in a new transaction. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

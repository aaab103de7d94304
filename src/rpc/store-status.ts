import { type StoreError, StoreErrorCode } from '../kv/store-error.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';

/** What callers are told of each failure of the store: a code that frontends and backends know how to take. */
const CODES: Readonly<Record<StoreErrorCode, MetaServiceCode>> = {
  [StoreErrorCode.Conflict]: MetaServiceCode.KV_TXN_CONFLICT_RETRY_EXCEEDED_MAX_TIMES,
  [StoreErrorCode.TooOld]: MetaServiceCode.KV_TXN_TOO_OLD,
  [StoreErrorCode.CommitUnknown]: MetaServiceCode.KV_TXN_COMMIT_ERR,
  [StoreErrorCode.TimedOut]: MetaServiceCode.KV_TXN_COMMIT_ERR,
  [StoreErrorCode.Busy]: MetaServiceCode.KV_TXN_CREATE_ERR,
  [StoreErrorCode.KeyTooLarge]: MetaServiceCode.INVALID_ARGUMENT,
  [StoreErrorCode.ValueTooLarge]: MetaServiceCode.INVALID_ARGUMENT,
  [StoreErrorCode.TransactionTooLarge]: MetaServiceCode.INVALID_ARGUMENT,
  [StoreErrorCode.Misuse]: MetaServiceCode.UNDEFINED_ERR,
  [StoreErrorCode.InUse]: MetaServiceCode.KV_TXN_CREATE_ERR,
  [StoreErrorCode.Closed]: MetaServiceCode.KV_TXN_CREATE_ERR,
  [StoreErrorCode.Storage]: MetaServiceCode.KV_TXN_COMMIT_ERR,
};

export function codeOfStoreError(error: StoreError): MetaServiceCode {
  return CODES[error.code];
}

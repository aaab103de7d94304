import { type StoreLimits, VERSIONSTAMP_BYTES } from './store.ts';
import { StoreError, StoreErrorCode } from './store-error.ts';

/** Throws `key_too_large` unless `key` fits. */
export function checkKey(limits: StoreLimits, key: Uint8Array): void {
  if (key.length > limits.key_bytes) {
    throw new StoreError(
      StoreErrorCode.KeyTooLarge,
      `A key has ${key.length} bytes; at most ${limits.key_bytes} are allowed.`,
    );
  }
}

/** Throws `value_too_large` unless `value` fits. */
export function checkValue(limits: StoreLimits, value: Uint8Array): void {
  if (value.length > limits.value_bytes) {
    throw new StoreError(
      StoreErrorCode.ValueTooLarge,
      `A value has ${value.length} bytes; at most ${limits.value_bytes} are allowed.`,
    );
  }
}

/** Throws unless `begin` and `end` bound a range. A bound may be one byte longer than a key, to name the first key after the longest. */
export function checkRange(limits: StoreLimits, begin: Uint8Array, end: Uint8Array): void {
  for (const bound of [begin, end]) {
    if (bound.length > limits.key_bytes + 1) {
      checkKey(limits, bound);
    }
  }
  if (Buffer.compare(begin, end) > 0) {
    throw new StoreError(StoreErrorCode.Misuse, 'The range ends before it begins.');
  }
}

/** Throws `misuse` unless ten bytes for a versionstamp lie within `bytes` from `offset`. */
export function checkStampOffset(bytes: Uint8Array, offset: number): void {
  if (!Number.isInteger(offset) || offset < 0 || offset + VERSIONSTAMP_BYTES > bytes.length) {
    throw new StoreError(
      StoreErrorCode.Misuse,
      `A versionstamp at offset ${offset} does not fit into ${bytes.length} bytes.`,
    );
  }
}

/** Throws `misuse` unless `limit` is a whole number of pairs. */
export function checkLimit(limit: number | undefined): void {
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 0)) {
    throw new StoreError(StoreErrorCode.Misuse, `A limit must be a whole number from 0, not ${limit}.`);
  }
}

/** Throws `transaction_too_large` unless a transaction may have `bytes` in keys and values written, and keys and ranges read. */
export function checkSize(limits: StoreLimits, bytes: number): void {
  if (bytes > limits.transaction_bytes) {
    throw new StoreError(
      StoreErrorCode.TransactionTooLarge,
      `The transaction reads and writes ${bytes} bytes of keys and values; at most ${limits.transaction_bytes} are allowed.`,
    );
  }
}

import type { StoreLimits } from '../store.ts';

/**
 * What this engine takes. Keys are as long as in the embedded store, so that a store can be moved; FoundationDB would take
 * 10,000 bytes. It counts more into the size of a transaction than we do, some hundred bytes for each key that is written,
 * and refuses itself what becomes too large by that.
 */
export const FDB_LIMITS: StoreLimits = {
  key_bytes: 1_976,
  value_bytes: 100_000,
  transaction_bytes: 10_000_000,
  transaction_ms: 5_000,
};

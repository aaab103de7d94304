import type { StoreLimits } from '../store.ts';

/**
 * What the embedded engine takes. With LMDB's smallest pages a key can have 1,978 bytes there; one of them is ours, and
 * the bound of a range may be one byte longer than a key.
 */
export const EMBEDDED_LIMITS: StoreLimits = {
  key_bytes: 1_976,
  value_bytes: 100_000,
  transaction_bytes: 10_000_000,
  transaction_ms: 5_000,
};

/** The most commits that wait at a time; those that come on top are refused as `busy`. */
export const MOST_WAITING_COMMITS = 20_000;

/** A batch takes no more commits once it writes and checks this much, so that the event loop is not held up for long. */
export const BATCH_BYTES = 16_000_000;

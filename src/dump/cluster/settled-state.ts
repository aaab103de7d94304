import type { KeyRange } from '../../keys/key-kind.ts';
import type { HeldSnapshot } from '../../kv/held-snapshot.ts';
import type { Store } from '../../kv/store.ts';
import { type Fingerprint, fingerprintOf } from '../fingerprint.ts';
import { pagesOverStates } from './pages-over-states.ts';

/** A state of a store that keeps none for long, if what is read of it is the fingerprint again. */
export interface SettledState {
  readonly held: HeldSnapshot;
  readonly must_be: Fingerprint;
}

/**
 * Reads ranges of a store, and then takes the version. Whoever reads them again, and finds the same, has read the state of
 * that version: no pair has changed between its two readings, and the version lies between those of all of them. What was
 * changed and changed back to the same bytes in between is not seen.
 */
export async function settledState(
  store: Store,
  ranges: readonly KeyRange[],
  onPage: (so_far: { readonly pairs: number; readonly bytes: number }) => void,
): Promise<SettledState> {
  const must_be = await fingerprintOf(pagesOverStates(store, ranges), onPage);
  const version = await store.transact((txn) => txn.readVersion());
  const held: HeldSnapshot = {
    version,
    growth_bytes: () => 0,
    getRange: (begin, end) => pagesOverStates(store, [{ begin: Buffer.from(begin), end: Buffer.from(end) }]),
    release: () => undefined,
  };
  return { held, must_be };
}

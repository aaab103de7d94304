import type { Store } from './store.ts';

/** A store that can be filled from elsewhere: with the pairs of another store, or of a dump. */
export interface FillableStore extends Store {
  /** The ranges that are filled, in their order. What others keep beside them, where the store is not alone, is never touched. */
  readonly home: readonly { readonly begin: Buffer; readonly end: Buffer }[];
  /** How much is best put into one transaction, as `FILL_COST` counts it. */
  readonly fill_batch: number;
  /** What was noted when it began to be filled; undefined unless that has not come to its end. */
  unfinished(): Promise<string | undefined>;
  /**
   * Notes, durably, that the store is being filled, with a word on what with, or, with undefined, that this has come to its
   * end. In between, and after a crash in between, it is opened by nobody but to be filled.
   */
  setUnfinished(note: string | undefined): Promise<void>;
  /** Makes every later versionstamp rise above version `at_least`: those that come from elsewhere may be higher than its own. */
  advanceVersion(at_least: bigint): Promise<void>;
}

/** Why a store that has the mark is opened by nobody else, and what to do about it. */
export const UNFINISHED =
  'it was being filled by nereus restore or nereus move, and that did not come to its end: run the same again, or nereus restore --undo';

/**
 * What writing a pair takes of what a transaction may have: FoundationDB counts a key once as it is written and twice as the
 * range with which others conflict, and each of these has its own few bytes.
 */
export const FILL_COST = { of_key_byte: 3, of_value_byte: 1, of_pair: 128 } as const;

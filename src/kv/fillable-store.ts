import type { Store } from './store.ts';

/** A store that can be filled from elsewhere: with the pairs of another store, or of a dump. */
export interface FillableStore extends Store {
  /** What was noted when it began to be filled; undefined unless that has not come to its end. */
  readonly unfinished: string | undefined;
  /**
   * Notes, durably, that the store is being filled, with a word on what with, or, with undefined, that this has come to its
   * end. In between, and after a crash in between, it is opened by nobody but to be filled.
   */
  setUnfinished(note: string | undefined): void;
  /** Makes every later versionstamp rise above version `at_least`: those that come from elsewhere may be higher than its own. */
  advanceVersion(at_least: bigint): Promise<void>;
}

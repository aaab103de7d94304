import type { KeyRange } from '../../keys/key-kind.ts';
import type { FillableStore } from '../../kv/fillable-store.ts';
import { StoreError } from '../../kv/store-error.ts';
import { clearRanges } from '../clear-ranges.ts';
import { rangesOfInstance, wholeStore } from '../ranges.ts';

/** What an unfinished store is being filled with. */
export interface Filling {
  /** The id of the dump; undefined for what is no dump. */
  readonly dump: string | undefined;
  /** The instance that is added to others which the store has; undefined where it was empty. */
  readonly added_instance: string | undefined;
}

/** What is noted in a store that is filled with pairs from no dump. */
export const NO_DUMP = '';

/** What is noted in a store that is filled with a dump. */
export function noteOf({ dump, added_instance }: Filling): string {
  return JSON.stringify({ dump, added_instance });
}

/** What a note says. */
export function fillingOf(note: string): Filling {
  if (note === NO_DUMP) return { dump: undefined, added_instance: undefined };
  const { dump, added_instance } = JSON.parse(note);
  return { dump, added_instance };
}

/** The keys that a filling brings and that were not there before. */
export function rangesFilled(store: FillableStore, { added_instance }: Filling): readonly KeyRange[] {
  return added_instance === undefined ? [wholeStore(store.limits.key_bytes)] : rangesOfInstance(added_instance);
}

/** Removes what an unfinished store was filled with, and then the mark. Resolves to whether it was unfinished. */
export async function undoFilling(store: FillableStore): Promise<boolean> {
  const note = store.unfinished;
  if (note === undefined) return false;
  await clearRanges(store, rangesFilled(store, fillingOf(note)));
  store.setUnfinished(undefined);
  return true;
}

/** As `undoFilling`, after an error that is to be told: that undoing fails, too, shows in the mark that is left. */
export async function undoAfterError(store: FillableStore): Promise<void> {
  try {
    await undoFilling(store);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

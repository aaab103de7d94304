import type { KeyRange } from '../../keys/key-kind.ts';
import type { FillableStore } from '../../kv/fillable-store.ts';
import type { KeyValue, Store } from '../../kv/store.ts';
import { StoreError } from '../../kv/store-error.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { clearRanges } from '../clear-ranges.ts';
import { rangesOfInstance } from '../ranges.ts';
import { RestoreError } from './restore-error.ts';

/** What an unfinished store is being filled with. */
export interface Filling {
  /** The id of the dump; undefined for what is no dump. */
  readonly dump?: string | undefined;
  /** The instance that is added to others which the store has; undefined where it was empty. */
  readonly added_instance?: string | undefined;
  /** The store that is moved here, by the name that it has there. */
  readonly moved_from?: string | undefined;
  /** Whether what the store had before is still being removed, so that nothing was brought yet. */
  readonly clearing?: boolean | undefined;
}

/** What is noted in a store that is filled with pairs from no dump. */
export const NO_DUMP = '';

/** What is noted in a store that is filled with a dump, or with another store. */
export function noteOf({ dump, added_instance, moved_from, clearing }: Filling): string {
  return JSON.stringify({ dump, added_instance, moved_from, clearing });
}

/** What a store is being filled with; undefined unless it is unfinished. Rejects with a RestoreError when its mark is damaged. */
export async function fillingOf(store: FillableStore): Promise<Filling | undefined> {
  const note = await store.unfinished().catch((error: unknown) => {
    throw error instanceof MalformedValueError ? damaged() : error;
  });
  if (note === undefined) return undefined;
  return note === NO_DUMP ? {} : readNote(note);
}

function readNote(note: string): Filling {
  try {
    const { dump, added_instance, moved_from, clearing } = JSON.parse(note);
    const texts = [dump, added_instance, moved_from];
    if (texts.every((text) => text === undefined || typeof text === 'string') && (dump ?? moved_from) !== undefined) {
      return { dump, added_instance, moved_from, clearing: clearing === true };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw damaged();
}

function damaged(): RestoreError {
  const why = 'so it can’t be told what of it was there before';
  const advice = 'remove the store, or choose another; docs/backup.md says how, under "A damaged mark"';
  return new RestoreError(
    `the mark of the store, which says what it is being filled with, is damaged, ${why}: ${advice}`,
  );
}

/** The keys that a filling brings and that were not there before. */
export function rangesFilled(store: FillableStore, { added_instance }: Filling): readonly KeyRange[] {
  return added_instance === undefined ? store.home : rangesOfInstance(added_instance);
}

/** Removes what an unfinished store was filled with, and then the mark. Resolves to whether it was unfinished. */
export async function undoFilling(store: FillableStore): Promise<boolean> {
  const filling = await fillingOf(store);
  if (filling === undefined) return false;
  await clearRanges(store, rangesFilled(store, filling));
  await store.setUnfinished(undefined);
  return true;
}

/** As `undoFilling`, after an error that is to be told: that undoing fails, too, shows in the mark that is left. */
export async function undoAfterError(store: FillableStore): Promise<void> {
  try {
    await undoFilling(store);
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof RestoreError)) throw error;
  }
}

/** Whether a store has nothing in these ranges. */
export async function isEmpty(store: Store, ranges: readonly KeyRange[]): Promise<boolean> {
  for (const { begin, end } of ranges) if ((await firstOf(store, begin, end, false)) !== undefined) return false;
  return true;
}

/** The last key that there is. Pairs are brought in the order of their keys, so all up to it are there, and none behind it. */
export async function lastOf(store: Store, ranges: readonly KeyRange[]): Promise<Uint8Array | undefined> {
  for (const { begin, end } of [...ranges].reverse()) {
    const last = await firstOf(store, begin, end, true);
    if (last !== undefined) return last.key;
  }
  return undefined;
}

/** The first pair of a range, or the last one. */
function firstOf(store: Store, begin: Buffer, end: Buffer, reverse: boolean): Promise<KeyValue | undefined> {
  return store.transact(async (txn) => {
    for await (const [pair] of txn.getRange(begin, end, { limit: 1, reverse, snapshot: true })) return pair;
    return undefined;
  });
}

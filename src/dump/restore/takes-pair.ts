import type { FillableStore } from '../../kv/fillable-store.ts';
import { checkKey, checkValue } from '../../kv/limits.ts';
import type { KeyValue } from '../../kv/store.ts';
import { StoreError } from '../../kv/store-error.ts';
import { holds, rangesOfThePlace } from '../ranges.ts';
import { RestoreError } from './restore-error.ts';

/** Whether a store takes any key. */
function takesAll({ home }: FillableStore): boolean {
  return home.length === 1 && home[0]?.begin.length === 0;
}

/**
 * Whether a pair goes into a store: false for what belongs to the cluster that it comes from, and has no business here.
 * Throws a RestoreError for one that the store can't take.
 */
export function takesPair(store: FillableStore, { key, value }: KeyValue): boolean {
  try {
    checkKey(store.limits, key);
    checkValue(store.limits, value);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new RestoreError(error.message);
  }
  if (takesAll(store) || holds(store.home, key)) return true;
  if (holds(rangesOfThePlace, key)) return false;
  const hex = Buffer.from(key).toString('hex');
  throw new RestoreError(
    `No Doris has the key ${hex}, and a cluster, which others may share, takes those of Doris alone.`,
  );
}

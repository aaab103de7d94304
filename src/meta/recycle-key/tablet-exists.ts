import type { LeadingFields } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import { collectRange } from '../../kv/collect-range.ts';
import type { Transaction } from '../../kv/store.ts';

/**
 * Whether a table has a tablet in an index, or in a partition of an index. That is how to tell whether the index or the
 * partition itself exists: nothing else is stored of those that are in use.
 */
export async function tabletExists(
  txn: Transaction,
  leading: LeadingFields<typeof keys.metaTablet.shape>,
): Promise<boolean> {
  const { begin, end } = keys.metaTablet.range(leading);
  return (await collectRange(txn, begin, end, { limit: 1 })).length > 0;
}

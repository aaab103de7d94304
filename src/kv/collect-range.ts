import type { KeyValue, RangeOptions, Transaction } from './store.ts';

/** Every pair of a range in one array. For ranges that are known to be small; give a limit otherwise. */
export async function collectRange(
  txn: Transaction,
  begin: Uint8Array,
  end: Uint8Array,
  options: RangeOptions = {},
): Promise<KeyValue[]> {
  const pairs: KeyValue[] = [];
  for await (const page of txn.getRange(begin, end, options)) {
    pairs.push(...page);
  }
  return pairs;
}

import type { KeyValue, RangeOptions, ReadOptions, Transaction } from './store.ts';

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

export interface PageOfRange {
  readonly pairs: readonly KeyValue[];
  /** Where to go on, in the range, for what follows; undefined when nothing can follow. */
  readonly rest: Uint8Array | undefined;
}

/** The first pairs of a range, `limit` at most, for ranges that are read a transaction a page. */
export async function collectPage(
  txn: Transaction,
  begin: Uint8Array,
  end: Uint8Array,
  options: ReadOptions & { readonly limit: number },
): Promise<PageOfRange> {
  const pairs = await collectRange(txn, begin, end, options);
  const last = pairs.length < options.limit ? undefined : pairs.at(-1);
  return { pairs, rest: last && Buffer.concat([last.key, Buffer.of(0)]) };
}

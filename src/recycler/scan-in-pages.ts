import type { KeyRange } from '../keys/key-kind.ts';
import type { KeyValue, Store } from '../kv/store.ts';

export interface ScanOptions {
  /** The most pairs of a page. */
  readonly page_pairs?: number;
  /** How many bytes of values end a page. One read of the store may come on top of them. */
  readonly page_bytes?: number;
}

const PAGE_PAIRS = 1000;
const PAGE_BYTES = 4 * 1024 * 1024;

/**
 * The pairs of a range, in pages none of which is empty. Each page is read at a snapshot of its own, so that a long scan is
 * no long transaction: what changes meanwhile is seen as it was or as it is, and whoever acts on a pair has to look again.
 */
export async function* scanInPages(
  store: Store,
  { begin, end }: KeyRange,
  { page_pairs = PAGE_PAIRS, page_bytes = PAGE_BYTES }: ScanOptions = {},
): AsyncGenerator<readonly KeyValue[]> {
  let from: Uint8Array = begin;
  for (;;) {
    const page = await store.transact(async (txn) => {
      const pairs: KeyValue[] = [];
      let bytes = 0;
      for await (const some of txn.getRange(from, end, { limit: page_pairs, snapshot: true })) {
        pairs.push(...some);
        for (const { value } of some) bytes += value.length;
        if (bytes >= page_bytes) return { pairs, more: true };
      }
      return { pairs, more: pairs.length >= page_pairs };
    });
    const last = page.pairs.at(-1);
    if (last === undefined) return;
    yield page.pairs;
    if (!page.more) return;
    from = Buffer.concat([last.key, ZERO]);
  }
}

/** Behind a key, it makes the very next one. */
const ZERO = Buffer.from([0]);

import { type KeyText, keyAfter, keyText } from './bytes.ts';
import type { KeyValue, Store, Transaction } from './store.ts';

/** How long a state of the store may be held at most. What ends first counts; without either, as long as the store is open. */
export interface HoldOptions {
  readonly most_ms?: number;
  /** By how many bytes the store may grow on disk meanwhile, since what the state still shows can't be used again. */
  readonly most_growth_bytes?: number;
}

/**
 * One state of the store, held for as long as its holder reads from it, whatever is committed meanwhile and however long it
 * takes. To be released in the end. Reads reject with `too_old` once it may not be held any longer.
 */
export interface HeldSnapshot {
  /** The version of the last commit that it holds. */
  readonly version: bigint;
  /** By how many bytes the store has grown on disk since; 0 where the engine can't tell. */
  growth_bytes(): number;
  /** The pairs with `begin <= key < end`, in order, in pages of about `page_bytes`, none of them empty. The store's own measure, unless told. */
  getRange(begin: Uint8Array, end: Uint8Array, page_bytes?: number): AsyncIterable<readonly KeyValue[]>;
  /** Gives it back. Harmless when repeated. */
  release(): void;
}

/**
 * Holds the newest state of the store. An engine that can't hold one for longer than a transaction may take gives that
 * long: reads reject with `too_old` afterwards, and never answer from another state.
 */
export async function holdSnapshot(store: Store, options: HoldOptions = {}): Promise<HeldSnapshot> {
  if (store.holdSnapshot !== undefined) return store.holdSnapshot(options);
  const txn = store.begin();
  try {
    return new HeldTransaction(txn, await txn.readVersion());
  } catch (error) {
    txn.cancel();
    throw error;
  }
}

/** A state that is held by a transaction which only reads. */
class HeldTransaction implements HeldSnapshot {
  readonly #txn: Transaction;
  readonly version: bigint;

  constructor(txn: Transaction, version: bigint) {
    this.#txn = txn;
    this.version = version;
  }

  growth_bytes(): number {
    return 0;
  }

  getRange(begin: Uint8Array, end: Uint8Array): AsyncIterable<readonly KeyValue[]> {
    return this.#txn.getRange(begin, end, { snapshot: true });
  }

  release(): void {
    this.#txn.cancel();
  }
}

/** The page of a range that a state holds, and whether the range ends with it. */
export type ScanPage = (
  begin: KeyText,
  end: KeyText,
) => { readonly pairs: readonly KeyValue[]; readonly last: boolean };

/** A whole range, read page by page. */
export async function* pagesOf(
  scan: ScanPage,
  begin: Uint8Array,
  end: Uint8Array,
): AsyncGenerator<readonly KeyValue[], void, undefined> {
  const high = keyText(end);
  for (let low = keyText(begin); ; ) {
    const { pairs, last } = scan(low, high);
    const final = pairs[pairs.length - 1];
    if (final === undefined) return;
    yield pairs;
    if (last) return;
    low = keyAfter(keyText(final.key));
  }
}

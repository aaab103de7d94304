import { checkKey, checkValue } from '../../kv/limits.ts';
import type { KeyValue, Store } from '../../kv/store.ts';
import { StoreError } from '../../kv/store-error.ts';
import { encryptionKeys } from '../ranges.ts';
import type { DumpBlock } from '../read-dump.ts';
import type { Filling } from './filling.ts';
import { RestoreError } from './restore-error.ts';

/** How much goes into one transaction: below its limits in bytes and in time. */
const BATCH_BYTES = 4_000_000;
const BATCH_PAIRS = 50_000;

/** Puts the pairs of a dump into a store, in their order, each batch of them in one transaction. */
export class Loader {
  readonly #store: Store;
  readonly #after: Buffer | undefined;
  readonly #filling: Filling;
  #batch: KeyValue[] = [];
  #batch_bytes = 0;
  #pairs = 0;
  #pairs_before = 0;

  /** `after`: the last key that is there already. */
  constructor(store: Store, after: Uint8Array | undefined, filling: Filling) {
    this.#store = store;
    this.#after = after && Buffer.from(after);
    this.#filling = filling;
  }

  /** Those of the dump that are in the store. */
  get pairs(): number {
    return this.#pairs;
  }

  /** Those of them that were there already. */
  get pairs_before(): number {
    return this.#pairs_before;
  }

  /** Rejects with a RestoreError for a pair that the store can't take. */
  async add({ pairs }: DumpBlock): Promise<void> {
    for (const pair of pairs) {
      if (this.#after !== undefined && Buffer.compare(pair.key, this.#after) <= 0) {
        this.#pairs_before++;
        this.#pairs++;
        continue;
      }
      this.#mustFit(pair);
      this.#batch.push(pair);
      this.#batch_bytes += pair.key.length + pair.value.length;
      if (this.#batch.length >= BATCH_PAIRS || this.#batch_bytes >= BATCH_BYTES) await this.flush();
    }
  }

  /** Writes what is left. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    await this.#store.transact(async (txn) => {
      for (const { key, value } of batch) {
        // A store that others live in has the keys that secrets are encrypted with, those of the dump among them.
        const shared = this.#filling.added_instance !== undefined && encryptionKeys.equals(key);
        if (!shared || (await txn.get(key)) === undefined) txn.set(key, value);
      }
    });
    this.#pairs += batch.length;
    this.#batch = [];
    this.#batch_bytes = 0;
  }

  #mustFit({ key, value }: KeyValue): void {
    try {
      checkKey(this.#store.limits, key);
      checkValue(this.#store.limits, value);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      throw new RestoreError(`the dump has a pair that this store can't take: ${error.message}`);
    }
  }
}

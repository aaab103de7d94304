import { FILL_COST, type FillableStore } from '../../kv/fillable-store.ts';
import type { KeyValue } from '../../kv/store.ts';
import { RestoreError } from './restore-error.ts';
import { takesPair } from './takes-pair.ts';

export interface PairWriterOptions {
  /** What the pairs come from, for errors: `the dump`. */
  readonly from: string;
  /** A key whose value stays as it is, where there is one. */
  readonly kept?: Buffer | undefined;
}

/** Batches have no more, however small they are, so that none takes long. */
const BATCH_PAIRS = 50_000;

/**
 * Puts pairs into a store, in the order in which they come, each batch of them in one transaction, while the next one is
 * gathered. A batch that is written twice, as after a commit whose answer got lost, is the same as written once.
 */
export class PairWriter {
  readonly #store: FillableStore;
  readonly #options: PairWriterOptions;
  #batch: KeyValue[] = [];
  #batch_cost = 0;
  #writing: Promise<void> = Promise.resolve();
  #written = 0;
  #passed_over = 0;

  constructor(store: FillableStore, options: PairWriterOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Those that are in the store, durably. */
  get written(): number {
    return this.#written;
  }

  /** Those that belong to the place where they come from, and have no business here. */
  get passed_over(): number {
    return this.#passed_over;
  }

  /** Takes a pair, whose bytes must stay as they are. True when `write` must be called before the next. Throws a RestoreError for one that the store can't take. */
  add(pair: KeyValue): boolean {
    if (!this.#takes(pair)) {
      this.#passed_over++;
      return false;
    }
    this.#batch.push(pair);
    const { of_key_byte, of_value_byte, of_pair } = FILL_COST;
    this.#batch_cost += of_key_byte * pair.key.length + of_value_byte * pair.value.length + of_pair;
    return this.#batch.length >= BATCH_PAIRS || this.#batch_cost >= this.#store.fill_batch;
  }

  /** Begins to write what was gathered, when what was begun before is written. */
  async write(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    this.#batch = [];
    this.#batch_cost = 0;
    this.#writing = this.#commit(batch);
    // Whoever waits for it next is told.
    this.#writing.catch(() => undefined);
  }

  /** Writes what is left. */
  async flush(): Promise<void> {
    await this.write();
    await this.settled();
  }

  /** Resolves when nothing is being written any more. */
  settled(): Promise<void> {
    return this.#writing;
  }

  async #commit(batch: readonly KeyValue[]): Promise<void> {
    const { kept } = this.#options;
    await this.#store.transact(async (txn) => {
      for (const { key, value } of batch) {
        if (kept === undefined || !kept.equals(key) || (await txn.get(key)) === undefined) txn.set(key, value);
      }
    });
    this.#written += batch.length;
  }

  #takes(pair: KeyValue): boolean {
    try {
      return takesPair(this.#store, pair);
    } catch (error) {
      if (!(error instanceof RestoreError)) throw error;
      throw new RestoreError(`${this.#options.from} has a pair that this store can't take: ${error.message}`);
    }
  }
}

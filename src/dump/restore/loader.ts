import type { FillableStore } from '../../kv/fillable-store.ts';
import type { KeyValue } from '../../kv/store.ts';
import { encryptionKeys } from '../ranges.ts';
import type { Filling } from './filling.ts';
import { PairWriter } from './pair-writer.ts';

/** Puts pairs that come in their order into a store which has the first of them already. */
export class Loader {
  readonly #writer: PairWriter;
  #after: Buffer | undefined;
  #pairs_before = 0;

  /** `after`: the last key that is there already. `from`: what the pairs come from, for errors. */
  constructor(store: FillableStore, after: Uint8Array | undefined, filling: Filling, from: string) {
    // A store that others live in has the keys that secrets are encrypted with, those of the dump among them.
    this.#writer = new PairWriter(store, {
      from,
      kept: filling.added_instance === undefined ? undefined : encryptionKeys,
    });
    this.#after = after && Buffer.from(after);
  }

  /** Those that have come and are in the store. */
  get pairs(): number {
    return this.#pairs_before + this.#writer.passed_over + this.#writer.written;
  }

  /** Those of them that were there already. */
  get pairs_before(): number {
    return this.#pairs_before;
  }

  /** Rejects with a RestoreError for a pair that the store can't take. */
  async add(pairs: readonly KeyValue[]): Promise<void> {
    for (const pair of pairs) {
      if (this.#after !== undefined) {
        if (Buffer.compare(pair.key, this.#after) <= 0) {
          this.#pairs_before++;
          continue;
        }
        this.#after = undefined;
      }
      if (this.#writer.add(pair)) await this.#writer.write();
    }
  }

  /** Writes what is left. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Resolves when nothing is being written any more, whatever has come of it. */
  async settled(): Promise<void> {
    await this.#writer.settled().catch(() => undefined);
  }
}

import { createHash } from 'node:crypto';
import type { KeyValue } from '../kv/store.ts';
import { sizeOfPair, writePair } from './pairs.ts';

/** What tells whether two copies of a store are the same. */
export interface Fingerprint {
  readonly pairs: number;
  readonly key_bytes: number;
  readonly value_bytes: number;
  /** The SHA-256 of all pairs in their order, as a block of a dump has them. */
  readonly sha256: string;
}

const BUFFER_BYTES = 1024 * 1024;

/** Takes the fingerprint of pairs that come by in their order. */
export class FingerprintTaker {
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #at = 0;
  #pairs = 0;
  #key_bytes = 0;
  #value_bytes = 0;

  add(pairs: readonly KeyValue[]): void {
    for (const pair of pairs) {
      const size = sizeOfPair(pair);
      if (this.#at + size > BUFFER_BYTES) this.#take();
      if (size > BUFFER_BYTES) this.#hash.update(blockOf(pair));
      else this.#at = writePair(this.#buffer, this.#at, pair);
      this.#pairs++;
      this.#key_bytes += pair.key.length;
      this.#value_bytes += pair.value.length;
    }
  }

  /** The fingerprint, when all have come by. */
  finish(): Fingerprint {
    this.#take();
    const totals = { pairs: this.#pairs, key_bytes: this.#key_bytes, value_bytes: this.#value_bytes };
    return { ...totals, sha256: this.#hash.digest('hex') };
  }

  #take(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#at));
    this.#at = 0;
  }
}

function blockOf(pair: KeyValue): Buffer {
  const block = Buffer.allocUnsafe(sizeOfPair(pair));
  writePair(block, 0, pair);
  return block;
}

/** Reads all of it. `onPage` is told how many pairs and bytes have come by. */
export async function fingerprintOf(
  pages: AsyncIterable<readonly KeyValue[]>,
  onPage: (so_far: { readonly pairs: number; readonly bytes: number }) => void = () => undefined,
): Promise<Fingerprint> {
  const taker = new FingerprintTaker();
  let [pairs, bytes] = [0, 0];
  for await (const page of pages) {
    taker.add(page);
    pairs += page.length;
    for (const { key, value } of page) bytes += key.length + value.length;
    onPage({ pairs, bytes });
  }
  return taker.finish();
}

export function sameFingerprint(one: Fingerprint, other: Fingerprint): boolean {
  return one.pairs === other.pairs && one.sha256 === other.sha256;
}

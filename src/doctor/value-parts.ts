import type { DecodedKey } from '../keys/decode-key.ts';
import type { KeyKind } from '../keys/key-kind.ts';
import { damaged } from './examine-value.ts';
import type { Problem } from './findings.ts';

/** What one value may take of memory. Doris bounds what it splits to a few MiB. */
export const MOST_VALUE_BYTES = 64 * 1024 * 1024;

/** A value whose parts come one after the other, in the order of their keys. */
export class ValueParts {
  readonly kind: KeyKind;
  /** Of the whole value, without a chunk's suffix. */
  readonly key: Buffer;
  readonly #problems: Problem[] = [];
  #parts: Uint8Array[] = [];
  #size_bytes = 0;
  #is_whole = false;
  #next_chunk = 0;

  constructor(kind: KeyKind, key: Buffer) {
    this.kind = kind;
    this.key = key;
  }

  add({ chunk }: DecodedKey, value: Uint8Array): void {
    if (chunk === undefined) this.#is_whole = true;
    else this.#checkChunk(chunk);
    this.#size_bytes += value.length;
    if (this.#size_bytes <= MOST_VALUE_BYTES) this.#parts.push(value);
    else this.#parts = [];
  }

  /** The value, or undefined where its parts are not one; and what is wrong with them. */
  finish(): { readonly value: Uint8Array | undefined; readonly problems: readonly Problem[] } {
    const { shape } = this.kind;
    if (this.#is_whole && this.#next_chunk > 0) this.#add(damaged('is stored both whole and in chunks'));
    if (this.#size_bytes > MOST_VALUE_BYTES) {
      this.#add({ severity: 'unknown', what: `is larger than ${MOST_VALUE_BYTES} bytes, and was not looked into` });
    }
    if (this.#problems.length > 0) return { value: undefined, problems: this.#problems };
    const [first] = this.#parts;
    const is_one = first !== undefined && this.#parts.length === 1;
    // Bytes that mean nothing to this service are not worth putting together.
    return { value: is_one || shape.value.type === 'bytes' ? first : Buffer.concat(this.#parts), problems: [] };
  }

  #checkChunk({ version, number }: NonNullable<DecodedKey['chunk']>): void {
    const { value } = this.kind.shape;
    const expected = 'split' in value ? value.split?.version : undefined;
    if (version !== expected) {
      this.#add({ severity: 'unknown', what: `is split in version ${version}; version ${expected} is known` });
    }
    if (number !== this.#next_chunk) this.#add(damaged('lacks a chunk before another'));
    this.#next_chunk = number + 1;
  }

  /** Once each. */
  #add(problem: Problem): void {
    if (!this.#problems.some(({ what }) => what === problem.what)) this.#problems.push(problem);
  }
}

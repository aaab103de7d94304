import type { Transaction as LmdbTransaction } from 'lmdb';
import type { KeyText } from '../bytes.ts';
import type { Handle } from './environment.ts';
import { readStoredVersion } from './version.ts';

/** What a state remembers of what was read from it: the few keys that every call reads. */
const MOST_REMEMBERED = 512;
const REMEMBERED_BYTES = 1024 * 1024;

/** Stands for the value of a key that is not there. */
const NOTHING = Symbol('nothing');

/** One state of the store that is kept readable: an LMDB read transaction, and how many share it. */
export class State {
  readonly handle: Handle;
  /** What lmdb wants with each read. */
  readonly options: { readonly transaction: LmdbTransaction };
  holders = 0;
  #version: bigint | undefined;
  readonly #remembered = new Map<KeyText, Uint8Array | typeof NOTHING>();
  #remembered_bytes = 0;

  constructor(handle: Handle, transaction: LmdbTransaction) {
    this.handle = handle;
    this.options = { transaction };
  }

  /** The value at `key`, which others may be given too. */
  get(key: KeyText): Uint8Array | undefined {
    const known = this.#remembered.get(key);
    if (known !== undefined) return known === NOTHING ? undefined : known;
    const value = this.handle.data.get(key, this.options);
    if (this.#remembered.size < MOST_REMEMBERED && this.#remembered_bytes < REMEMBERED_BYTES) {
      this.#remembered.set(key, value ?? NOTHING);
      this.#remembered_bytes += value?.length ?? 0;
    }
    return value;
  }

  /** Gives the memory back once the state is not the newest any more. */
  forget(): void {
    this.#remembered.clear();
    this.#remembered_bytes = Number.POSITIVE_INFINITY;
  }

  /** The version of the last commit that it holds. */
  version(): bigint {
    this.#version ??= readStoredVersion(this.handle.own, this.options.transaction);
    return this.#version;
  }
}

import type { Transaction as LmdbTransaction } from 'lmdb';
import type { Handle } from './environment.ts';
import { readStoredVersion } from './version.ts';

/** One state of the store that is kept readable: an LMDB read transaction, and how many share it. */
export class State {
  readonly handle: Handle;
  /** What lmdb wants with each read. */
  readonly options: { readonly transaction: LmdbTransaction };
  holders = 0;
  #version: bigint | undefined;

  constructor(handle: Handle, transaction: LmdbTransaction) {
    this.handle = handle;
    this.options = { transaction };
  }

  /** The version of the last commit that it holds. */
  version(): bigint {
    this.#version ??= readStoredVersion(this.handle.own, this.options.transaction);
    return this.#version;
  }
}

import type { OwnDatabase } from './environment.ts';

const VERSION_KEY = Buffer.from('version');

/** The version of the last commit, 0 in a new store, as `transaction` sees it. */
export function readStoredVersion(own: OwnDatabase, transaction: object): bigint {
  const stored = own.get(VERSION_KEY, { transaction } as object);
  return stored === undefined ? 0n : Buffer.from(stored).readBigUInt64BE();
}

/** Sets the version in the write transaction that runs. */
export function writeStoredVersion(own: OwnDatabase, version: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(version);
  own.put(VERSION_KEY, bytes);
}

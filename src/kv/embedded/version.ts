import type { OwnDatabase } from './environment.ts';

const VERSION_KEY = Buffer.from('version');
/** What can be asked for as a version: far above what commits reach, with room for as many again. */
export const HIGHEST_VERSION = 2n ** 63n - 1n;
/** lmdb compares an entry's version as a floating-point number, which is exact to 53 bits. */
const COMPARED_BITS = 52;

/** The version of the last commit, 0 in a new store, as `transaction` sees it. */
export function readStoredVersion(own: OwnDatabase, transaction: object): bigint {
  const stored = own.get(VERSION_KEY, { transaction } as object);
  return stored === undefined ? 0n : Buffer.from(stored).readBigUInt64BE();
}

/** Sets the version as part of the writes that are gathered or of the write transaction that runs. */
export function writeStoredVersion(own: OwnDatabase, version: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(version);
  void own.put(VERSION_KEY, bytes, compared(version));
}

/** Gathers the puts of `write` into one LMDB transaction. Resolves, when that is on disk, with whether they were done: only if the version was still `version` then. */
export function writeIfVersionIs(own: OwnDatabase, version: bigint, write: () => void): Promise<boolean> {
  return own.ifVersion(VERSION_KEY, compared(version), write);
}

function compared(version: bigint): number {
  return Number(BigInt.asUintN(COMPARED_BITS, version));
}

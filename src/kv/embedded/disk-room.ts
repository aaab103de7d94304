import { statfsSync } from 'node:fs';
import { StoreError, StoreErrorCode } from '../store-error.ts';

const MIB = 1024 * 1024;

/** How much room a batch leaves on the disk, unless the store was opened with another figure. */
export const DISK_RESERVE_BYTES = 64 * MIB;

/** A commit writes whole pages, and those above them: more bytes than it was given. */
const WRITTEN_PER_BYTE = 4;

/**
 * Throws a `storage` StoreError when the disk that `dir` is on has no room for a batch of `size_bytes` and the reserve.
 *
 * LMDB must not be the one to find that out: where it can't write a single page, as lmdb carries it, it writes the
 * message about it beyond the memory that it took for that, and the process may end.
 */
export function checkRoom(dir: string, size_bytes: number, reserve_bytes: number): void {
  const needed = reserve_bytes + WRITTEN_PER_BYTE * size_bytes;
  const free = freeBytes(dir);
  if (free >= needed) {
    return;
  }
  const [free_mib, needed_mib] = [Math.floor(free / MIB), Math.ceil(needed / MIB)];
  const message = `The commit was not written: the disk has ${free_mib} MiB left, and ${needed_mib} MiB must be free.`;
  throw new StoreError(StoreErrorCode.Storage, message);
}

/** What is left of the disk that `dir` is on, for whoever is no superuser. */
export function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

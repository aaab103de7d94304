import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** A file system in memory, on machines that have one. */
const MEMORY_DISK = '/dev/shm';
/** Far more than all tests that run at a time write. */
const LEAST_FREE_BYTES = 2 * 1024 ** 3;

/**
 * Where temporary folders cost no syncs, which most of a test's time goes by with, or the usual place on a machine that
 * has no such thing, or too little of it. What is killed loses nothing there either; only a machine that is switched off
 * would. A TMPDIR that is set is kept.
 */
export function fastTemporaryFolder(): string {
  if (process.env.TMPDIR !== undefined) return process.env.TMPDIR;
  return freeBytes(MEMORY_DISK) >= LEAST_FREE_BYTES ? MEMORY_DISK : tmpdir();
}

function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

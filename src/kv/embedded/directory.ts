import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { storageError } from './storage-error.ts';

/** Creates the directory `dir` and those above it where they are missing. Throws a `storage` StoreError. */
export function makeDirectory(dir: string): void {
  try {
    makeWithParents(resolve(dir));
  } catch (error) {
    throw storageError(`The directory ${dir} can't be used for a store`, error);
  }
}

/** Node's own recursive `mkdir` never returns where a file system, such as /proc, refuses new entries as not found. */
function makeWithParents(dir: string): void {
  if (isDirectory(dir)) {
    return;
  }
  if (dirname(dir) !== dir) {
    makeWithParents(dirname(dir));
  }
  try {
    mkdirSync(dir);
  } catch (error) {
    // Another process may have made it in this moment.
    if (!isDirectory(dir)) {
      throw error;
    }
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

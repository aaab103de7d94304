import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
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

/** Makes durable which names there are in a directory. */
export function syncDirectory(dir: string): void {
  const descriptor = openSync(dir, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
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
    syncDirectory(dirname(dir));
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

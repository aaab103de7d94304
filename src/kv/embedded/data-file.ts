import { closeSync, existsSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError, StoreErrorCode } from '../store-error.ts';

/** Where LMDB keeps its pages within the directory. */
export function dataFile(dir: string): string {
  return join(dir, 'data.mdb');
}

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const NO_PAGE = 2n ** 64n - 1n;
const META_BYTES = 160;
/** Where the fields of a meta page lie, in bytes from its beginning (`MDB_meta` in LMDB's mdb.c). */
const AT = { magic: 24, version: 28, page_size: 48, free_root: 88, main_root: 136, last_page: 144, txn_id: 152 };

/** What the current one of LMDB's two meta pages says. */
interface Meta {
  readonly page_bytes: number;
  readonly roots: readonly bigint[];
  readonly last_page: bigint;
}

/**
 * Looks at the file before LMDB does, which takes what it finds there for granted. Syncs it, too: a process that was
 * killed may have left a commit in the page cache alone, and it is to be on disk before anyone reads it.
 */
export function checkDataFile(dir: string): void {
  if (existsSync(dataFile(dir))) {
    withDataFile(dir, (descriptor) => {
      const { size } = fstatSync(descriptor);
      if (size > 0) {
        const { page_bytes, roots } = readMeta(descriptor);
        if (roots.some((root) => root !== NO_PAGE && (root + 1n) * BigInt(page_bytes) > BigInt(size))) {
          throw damaged('its end is missing');
        }
      }
      fdatasyncSync(descriptor);
    });
  }
}

/**
 * Makes the file as long as its meta page says. LMDB leaves it shorter when the last pages are free; when they are not,
 * reading them must be an error, and beyond the end of a mapped file it would be the end of the process. To be called
 * under LMDB's write lock.
 */
export function padDataFile(dir: string): void {
  withDataFile(dir, (descriptor) => {
    const { page_bytes, last_page } = readMeta(descriptor);
    const wanted = Number(last_page + 1n) * page_bytes;
    if (fstatSync(descriptor).size < wanted) {
      ftruncateSync(descriptor, wanted);
    }
  });
}

function readMeta(descriptor: number): Meta {
  const first = metaAt(descriptor, 0);
  const page_bytes = first.readUInt32LE(AT.page_size);
  if (page_bytes < 256 || page_bytes > 65_536) {
    throw damaged(`its pages have ${page_bytes} bytes`);
  }
  const second = metaAt(descriptor, page_bytes);
  const newest = first.readBigUInt64LE(AT.txn_id) >= second.readBigUInt64LE(AT.txn_id) ? first : second;
  return {
    page_bytes,
    roots: [newest.readBigUInt64LE(AT.free_root), newest.readBigUInt64LE(AT.main_root)],
    last_page: newest.readBigUInt64LE(AT.last_page),
  };
}

function metaAt(descriptor: number, position: number): Buffer {
  const meta = Buffer.alloc(META_BYTES);
  if (readSync(descriptor, meta, 0, META_BYTES, position) < META_BYTES) {
    throw damaged('it is too short');
  }
  if (meta.readUInt32LE(AT.magic) !== MAGIC) {
    throw damaged('it has no mark of LMDB');
  }
  const version = meta.readUInt32LE(AT.version) & 0xffff;
  if (version !== DATA_VERSION) {
    throw damaged(`it has version ${version} of LMDB's format, not ${DATA_VERSION}`);
  }
  return meta;
}

function withDataFile(dir: string, work: (descriptor: number) => void): void {
  const descriptor = openSync(dataFile(dir), 'r+');
  try {
    work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function damaged(how: string): StoreError {
  return new StoreError(StoreErrorCode.Storage, `data.mdb is damaged or not LMDB's: ${how}`);
}

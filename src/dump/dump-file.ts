import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What keeps a dump from being written to a file or read from one, with what to do about it. */
export class DumpFileError extends Error {
  override readonly name = 'DumpFileError';
}

export interface DumpFileOptions {
  /** Whether a file that is there already may be replaced, and what an earlier dump to it may have left. */
  readonly overwrite?: boolean;
}

const MIB = 1024 * 1024;
/** What a dump leaves free on the disk, so that a store on the same disk can go on committing: it needs half as much. */
const LEFT_FREE_BYTES = 128 * MIB;
const LOOK_EVERY_BYTES = 16 * MIB;
const READ_BYTES = MIB;
/** A dump has the keys that secrets are encrypted with. */
const OWNER_ALONE = 0o600;

/** What a file is called as long as the dump in it is not whole. */
export function partOf(path: string): string {
  return `${path}.part`;
}

/**
 * Writes a dump to a file, which gets its name when all of it is on disk, and returns what the dump's writer returned.
 * When that fails nothing is left. Rejects with a DumpFileError, or with what making the dump rejects with.
 */
export async function writeDumpFile<T>(
  path: string,
  frames: AsyncGenerator<Buffer, T>,
  { overwrite = false }: DumpFileOptions = {},
): Promise<T> {
  const part = partOf(path);
  await mayBeWritten(path, overwrite);
  // What is still there by that name may be written by another dump, which must not get into this one.
  if (overwrite) await rm(part, { force: true });
  const file = await open(part, 'wx', OWNER_ALONE).catch((error: unknown) => {
    throw openError(part, error);
  });
  const { dev, ino } = await file.stat();
  const isOwn = async () => {
    const found = await stat(part).catch(() => undefined);
    return found?.dev === dev && found.ino === ino;
  };
  try {
    const result = await writeAll(file, path, frames);
    if (!(await isOwn())) throw new DumpFileError(`another dump was begun to ${path} meanwhile, and goes on`);
    await rename(part, path);
    await syncFolder(dirname(path));
    return result;
  } catch (error) {
    if (await isOwn()) await rm(part, { force: true });
    throw fileError(path, 'written', error);
  }
}

/** Throws a DumpFileError where something is already that may not be replaced: a device never, a file only when that is said. */
async function mayBeWritten(path: string, overwrite: boolean): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isFile()) throw new DumpFileError(`${path} is no file, and can't be replaced by one; choose another name`);
  if (overwrite) return;
  throw new DumpFileError(`the file ${path} is there already; choose another name, or give --overwrite`);
}

async function writeAll<T>(file: FileHandle, path: string, frames: AsyncGenerator<Buffer, T>): Promise<T> {
  try {
    let looked_at = 0;
    let written = 0;
    for (;;) {
      const { done, value } = await frames.next();
      if (done) {
        await file.sync();
        return value;
      }
      if (written >= looked_at) {
        await mustHaveRoom(path);
        looked_at = written + LOOK_EVERY_BYTES;
      }
      for (let at = 0; at < value.length; ) at += (await file.write(value, at)).bytesWritten;
      written += value.length;
    }
  } finally {
    await file.close();
    await frames.return(undefined as T);
  }
}

/** The bytes of a file, for as many readers as ask one after the other. */
export async function* readDumpFile(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: READ_BYTES })) yield piece;
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

async function mustHaveRoom(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize;
  if (free >= LEFT_FREE_BYTES + LOOK_EVERY_BYTES) return;
  throw new DumpFileError(
    `the disk of ${path} has ${Math.floor(free / MIB)} MiB left; no more is written to it, so that stores on it can go on`,
  );
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function openError(part: string, error: unknown): unknown {
  if (codeOf(error) !== 'EEXIST') return fileError(part, 'written', error);
  const advice = 'another dump writes it, or was killed while it did; give --overwrite if none does';
  return new DumpFileError(`the file ${part} is there already: ${advice}`);
}

/** What went wrong with a file itself; any other error stays what it is. */
function fileError(path: string, deed: 'written' | 'read', error: unknown): unknown {
  const code = codeOf(error);
  const of_file = error instanceof Error && 'syscall' in error;
  return of_file ? new DumpFileError(`the file ${path} can't be ${deed}: ${code}`) : error;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

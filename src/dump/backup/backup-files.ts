import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DumpError } from '../dump-error.ts';
import { partOf, readDumpFile } from '../dump-file.ts';
import { readDump } from '../read-dump.ts';

/** `nereus-20260131T120000Z.dump`: in the order of their names, they are in that of their times. */
const NAME = /^nereus-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.dump$/;

/** What a backup is called that was begun then. */
export function backupName(began_ms: number): string {
  const time = new Date(began_ms).toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  return `nereus-${time}.dump`;
}

export interface Retention {
  readonly backup_keep: number;
  /** 0 for any age. */
  readonly backup_keep_seconds: number;
}

/**
 * Removes the backups that need not be kept, the newest never. Only files go that have the name of a backup and whose header
 * says that they are of this store: what others have put there stays. Resolves to the names of those that are gone.
 */
export async function removeOldBackups(
  dir: string,
  origin: string,
  { backup_keep, backup_keep_seconds }: Retention,
  now_ms: number,
): Promise<string[]> {
  const removed: string[] = [];
  const own = await ownBackups(dir, origin);
  for (const [at, name] of own.reverse().entries()) {
    const too_old = backup_keep_seconds > 0 && now_ms - timeOf(name) > backup_keep_seconds * 1000;
    if (at === 0 || (at < backup_keep && !too_old)) continue;
    await rm(join(dir, name), { force: true });
    removed.push(name);
  }
  return removed;
}

/** Removes what backups of this store have left that were killed. To be called while none is being made. */
export async function removeParts(dir: string, origin: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const whole = name.slice(0, -partOf('').length);
    if (partOf(whole) !== name || !NAME.test(whole)) continue;
    if ((await originOf(join(dir, name))) === origin) await rm(join(dir, name), { force: true });
  }
}

/** The names of the backups of this store, the oldest first. */
async function ownBackups(dir: string, origin: string): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => NAME.test(name)).sort();
  const own: string[] = [];
  for (const name of names) if ((await originOf(join(dir, name))) === origin) own.push(name);
  return own;
}

/** Where a dump is from, as its header says; undefined for what is none, or has come to no header. */
async function originOf(path: string): Promise<string | undefined> {
  try {
    const reader = await readDump(readDumpFile(path));
    await reader.close();
    return reader.header.origin;
  } catch (error) {
    if (error instanceof DumpError) return undefined;
    throw error;
  }
}

function timeOf(name: string): number {
  const [, year, month, day, hour, minute, second] = (NAME.exec(name) ?? []).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

import { timeOf } from './backup-name.ts';
import type { BackupPlace } from './backup-place.ts';
import { originIn } from './origin-in.ts';

export interface Retention {
  readonly backup_keep: number;
  /** 0 for any age. */
  readonly backup_keep_seconds: number;
}

/**
 * Removes the backups that need not be kept, never the newest and never the one that was `made` now, be it that the clock has
 * gone back, and others are called newer. Only those go that have the name of a backup and whose header
 * says that they are of this store: what others have put there stays. Resolves to the names of those that are gone.
 */
export async function removeOldBackups(
  place: BackupPlace,
  origin: string,
  made: string,
  { backup_keep, backup_keep_seconds }: Retention,
  now_ms: number,
): Promise<string[]> {
  const removed: string[] = [];
  const own = await ownBackups(place, origin);
  for (const [at, name] of own.reverse().entries()) {
    const too_old = backup_keep_seconds > 0 && now_ms - timeOf(name) > backup_keep_seconds * 1000;
    if (at === 0 || name === made || (at < backup_keep && !too_old)) continue;
    await place.remove(name);
    removed.push(name);
  }
  return removed;
}

/** The names of the backups of this store, the oldest first. */
async function ownBackups(place: BackupPlace, origin: string): Promise<string[]> {
  const own: string[] = [];
  for (const name of (await place.names()).sort()) {
    if ((await originIn(place.read(name))) === origin) own.push(name);
  }
  return own;
}

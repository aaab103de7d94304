import { randomBytes } from 'node:crypto';
import type { Settings } from '../config/settings.ts';
import { Backups } from '../dump/backup/backups.ts';
import { openBackupPlace } from '../dump/backup/open-place.ts';
import { originOf } from '../dump/origin.ts';
import type { Store } from '../kv/store.ts';
import { RateLimiters } from '../objects/rate-limiters.ts';
import type { Logger } from '../observe/logger.ts';

export interface BackingUpOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly version: string;
}

/** What makes backups in this process when they are due; undefined where the settings ask for none. */
export function createBackups({ store, settings, logger, version }: BackingUpOptions): Backups | undefined {
  if (settings.backup_interval_seconds === 0) return undefined;
  const origin = originOf(settings.data_dir);
  // Their own: a backup must not wait for what the recycler has used up.
  const limiters = new RateLimiters({ ...settings, enable_s3_rate_limiter: false });
  return new Backups({
    ...{ store, settings, logger, origin },
    owner: `${process.pid}-${randomBytes(6).toString('hex')}`,
    program: `nereus ${version}`,
    now_ms: Date.now,
    openPlace: (signal, notes) => openBackupPlace(settings, { origin, limiters, signal, notes, logger }),
  });
}

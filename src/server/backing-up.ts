import { randomBytes } from 'node:crypto';
import type { Settings } from '../config/settings.ts';
import { Backups } from '../dump/backup/backups.ts';
import { originOf } from '../dump/origin.ts';
import type { Store } from '../kv/store.ts';
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
  return new Backups({
    ...{ store, settings, logger },
    owner: `${process.pid}-${randomBytes(6).toString('hex')}`,
    origin: originOf(settings.data_dir),
    program: `nereus ${version}`,
    now_ms: Date.now,
  });
}

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { holdSnapshot } from '../../kv/held-snapshot.ts';
import type { Store } from '../../kv/store.ts';
import { readDumpFile, writeDumpFile } from '../dump-file.ts';
import { verifyDump } from '../verify-dump.ts';
import { writeDump } from '../write-dump.ts';
import { backupName, type Retention, removeOldBackups, removeParts } from './backup-files.ts';

export interface BackupSettings extends Retention {
  readonly backup_dir: string;
  readonly backup_compress: boolean;
  readonly backup_max_growth_mb: number;
}

export interface Backup {
  readonly file: string;
  readonly pairs: number;
  readonly growth_bytes: number;
  /** The names of the backups that went for it. */
  readonly removed: readonly string[];
}

export interface BackupFacts {
  readonly origin: string;
  readonly program: string;
  readonly began_ms: number;
  readonly signal: AbortSignal;
}

const MIB = 1024 * 1024;
/** Little, since calls wait while it is read. */
const TURN_BYTES = 64 * 1024;

/** Writes a backup, reads it again, and only then removes those that need not be kept any more. */
export async function makeBackup(
  store: Store,
  settings: BackupSettings,
  { origin, program, began_ms, signal }: BackupFacts,
): Promise<Backup> {
  const dir = settings.backup_dir;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await removeParts(dir, origin);
  const file = join(dir, backupName(began_ms));
  const held = await holdSnapshot(store, { most_growth_bytes: settings.backup_max_growth_mb * MIB });
  let growth_bytes: number;
  try {
    const options = { origin, program, signal, compress: settings.backup_compress, turn_bytes: TURN_BYTES };
    await writeDumpFile(file, writeDump(held, store.limits.key_bytes, options));
    growth_bytes = held.growth_bytes();
  } finally {
    held.release();
  }
  const { pairs } = await verifyDump(readDumpFile(file), () => signal.throwIfAborted()).catch(
    async (error: unknown) => {
      // What could not be read again is no backup, and must not be taken for one.
      await rm(file, { force: true });
      throw error;
    },
  );
  const removed = await removeOldBackups(dir, origin, settings, began_ms);
  return { file, pairs, growth_bytes, removed };
}

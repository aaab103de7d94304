import { holdSnapshot } from '../../kv/held-snapshot.ts';
import type { Store } from '../../kv/store.ts';
import { messageOf } from '../../observe/message-of.ts';
import { DumpError } from '../dump-error.ts';
import { verifyDump } from '../verify-dump.ts';
import { type Dumped, writeDump } from '../write-dump.ts';
import { backupName } from './backup-name.ts';
import type { BackupPlace } from './backup-place.ts';
import { type Retention, removeOldBackups } from './retention.ts';

export interface BackupSettings extends Retention {
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
  place: BackupPlace,
  settings: BackupSettings,
  facts: BackupFacts,
): Promise<Backup> {
  const { origin, began_ms, signal } = facts;
  await place.prepare();
  const name = backupName(began_ms);
  const { growth_bytes, written } = await writeBackup(store, place, name, settings, facts);
  const pairs = await mustBeRead(place, name, written.header.id, signal);
  const removed = await removeOldBackups(place, origin, name, settings, began_ms);
  return { file: place.pathOf(name), pairs, growth_bytes, removed };
}

/** Reads a backup to its end, and resolves to how many pairs it has. What can't be read again is no backup, and is removed. */
async function mustBeRead(place: BackupPlace, name: string, id: string, signal: AbortSignal): Promise<number> {
  try {
    const { pairs, header } = await verifyDump(place.read(name), () => signal.throwIfAborted());
    if (header.id !== id) throw new DumpError('it is not the dump that was written there', { frame: 0, offset: 0 });
    return pairs;
  } catch (error) {
    await place.remove(name).catch((removal: unknown) => {
      throw new AggregateError([error, removal], `${messageOf(error)}; and it is still there: ${messageOf(removal)}`);
    });
    throw error;
  }
}

async function writeBackup(
  store: Store,
  place: BackupPlace,
  name: string,
  { backup_compress: compress, backup_max_growth_mb }: BackupSettings,
  { origin, program, signal }: BackupFacts,
): Promise<{ readonly written: Dumped; readonly growth_bytes: number }> {
  const held = await holdSnapshot(store, { most_growth_bytes: backup_max_growth_mb * MIB });
  try {
    const options = { origin, program, signal, compress, turn_bytes: TURN_BYTES };
    const written = await place.write(name, writeDump(held, store.limits.key_bytes, options));
    return { written, growth_bytes: held.growth_bytes() };
  } finally {
    held.release();
  }
}

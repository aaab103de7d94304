import type { Store } from '../../kv/store.ts';
import type { Logger } from '../../observe/logger.ts';
import { messageOf } from '../../observe/message-of.ts';
import type { BackupPlace } from './backup-place.ts';
import { endBackup, LEASE_MS, LOST, lastBackupMs, renewBackup, takeBackup, uploadNotes } from './backup-record.ts';
import type { UploadNotes } from './bucket.ts';
import { type BackupSettings, makeBackup } from './make-backup.ts';

/** How often it is looked whether a backup is due, at least. */
const LOOK_EVERY_MS = 10_000;
/** How often a lease is renewed before it would expire. */
const RENEWALS = 3;

export interface BackupsOptions {
  readonly store: Store;
  readonly settings: BackupSettings & { readonly backup_interval_seconds: number };
  readonly logger: Logger;
  /** What no other process is called. */
  readonly owner: string;
  /** Where the store is, for those who read a backup: the same for each process on it. */
  readonly origin: string;
  readonly program: string;
  readonly now_ms: () => number;
  /** Opens where backups go, for one of them, which is given up when the signal is aborted. */
  readonly openPlace: (signal: AbortSignal, notes: UploadNotes) => BackupPlace;
}

/** What this process has done, and when the last backup of the store came to its end, whoever made it. */
export interface BackupCounts {
  readonly made: number;
  readonly failed: number;
  /** In milliseconds since 1970; 0 before the first. */
  readonly last_success_ms: number;
}

/** Makes backups when they are due, in one of the processes on the store at a time. */
export class Backups {
  readonly #options: BackupsOptions;
  readonly #abort = new AbortController();
  readonly #interval_ms: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #made = 0;
  #failed = 0;
  #last_success_ms = 0;

  constructor(options: BackupsOptions) {
    this.#options = options;
    this.#interval_ms = options.settings.backup_interval_seconds * 1000;
  }

  /** Begins to look. */
  start(): void {
    this.#running ??= this.#look();
  }

  /** Gives up what runs, and resolves when it has ended. Harmless when repeated. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('the service stops'));
    clearTimeout(this.#timer);
    await this.#running;
  }

  counts(): BackupCounts {
    return { made: this.#made, failed: this.#failed, last_success_ms: this.#last_success_ms };
  }

  async #look(): Promise<void> {
    const { store, owner, logger, now_ms } = this.#options;
    try {
      const began_ms = now_ms();
      if (await takeBackup(store, owner, began_ms, this.#interval_ms)) await this.#make(began_ms);
      this.#last_success_ms = await lastBackupMs(store);
    } catch (error) {
      // The next look tries again.
      if (!this.#abort.signal.aborted) logger.warn('it could not be told whether a backup is due', { error });
    }
    if (this.#abort.signal.aborted) return;
    this.#timer = setTimeout(
      () => {
        this.#running = this.#look();
      },
      Math.min(LOOK_EVERY_MS, this.#interval_ms),
    );
  }

  async #make(began_ms: number): Promise<void> {
    const { store, settings, logger, owner, origin, program, now_ms } = this.#options;
    const lost = new AbortController();
    const renewal = setInterval(() => void this.#renew(lost), LEASE_MS / RENEWALS);
    const signal = AbortSignal.any([this.#abort.signal, lost.signal]);
    let place: BackupPlace | undefined;
    try {
      place = this.#options.openPlace(signal, uploadNotes(store, owner));
      const backup = await makeBackup(store, place, settings, { origin, program, began_ms, signal });
      const ended_ms = now_ms();
      await endBackup(store, owner, ended_ms, { file: backup.file });
      this.#last_success_ms = ended_ms;
      this.#made++;
      logger.info('a backup was made', { ...backup });
    } catch (error) {
      this.#failed++;
      const failure = messageOf(error);
      if (this.#abort.signal.aborted) logger.info('a backup was given up, since the service stops');
      else logger.error('a backup has failed, and is tried again', { error });
      await endBackup(store, owner, now_ms(), { failure });
    } finally {
      clearInterval(renewal);
      place?.close();
    }
  }

  async #renew(lost: AbortController): Promise<void> {
    const { store, owner, now_ms, logger } = this.#options;
    try {
      if (await renewBackup(store, owner, now_ms())) return;
      lost.abort(new Error(LOST));
    } catch (error) {
      logger.warn('the lease on the backup could not be renewed', { error });
    }
  }
}

import type { LargeObjects } from '../../objects/large/large-objects.ts';
import type { Logger } from '../../observe/logger.ts';
import { isBackupName, NAMES_BEGIN } from './backup-name.ts';
import type { BackupPlace } from './backup-place.ts';

/** An upload that has begun, by which it can be thrown away. */
export interface BegunUpload {
  /** `s3://bucket/prefix/nereus-20260131T120000Z.dump` */
  readonly path: string;
  readonly id: string;
}

/** What survives this process about its upload. */
export interface UploadNotes {
  /** The upload that was noted last and not crossed out. */
  last(): Promise<BegunUpload | undefined>;
  /** Notes an upload, or that there is none any more. Rejects when this process is not to make the backup any longer. */
  note(upload: BegunUpload | undefined): Promise<void>;
}

/** Backups in a bucket, each of them one object, which is seen when it is whole. */
export class BackupBucket implements BackupPlace {
  constructor(
    private readonly objects: LargeObjects,
    private readonly notes: UploadNotes,
    private readonly logger: Logger,
  ) {}

  pathOf(name: string): string {
    return `${this.objects.name}/${name}`;
  }

  /** An upload to another place was made with other settings, which are not there any more to clean up with. */
  async prepare(): Promise<void> {
    const left = await this.notes.last();
    if (left === undefined) return;
    const name = left.path.slice(this.pathOf('').length);
    if (this.pathOf(name) === left.path && isBackupName(name)) await this.#abandon(name, left.id);
    await this.notes.note(undefined);
  }

  async write<T>(name: string, frames: AsyncGenerator<Buffer, T>): Promise<T> {
    const path = this.pathOf(name);
    const written = await this.objects.upload(name, frames, (id) => this.notes.note({ path, id }));
    await this.notes.note(undefined);
    return written;
  }

  read(name: string): AsyncIterable<Uint8Array> {
    return this.objects.read(name);
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const page of this.objects.list(NAMES_BEGIN)) {
      names.push(...page.map(({ key }) => key).filter(isBackupName));
    }
    return names;
  }

  async remove(name: string): Promise<void> {
    await this.objects.delete(name);
  }

  close(): void {
    this.objects.close();
  }

  /** A backup is worth more than tidiness, for which the key may have no permission. */
  async #abandon(name: string, upload_id: string): Promise<void> {
    try {
      await this.objects.abandon(name, upload_id);
    } catch (error) {
      this.logger.warn('what an upload of a backup has left could not be thrown away', { error, upload_id });
    }
  }
}

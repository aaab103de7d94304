import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { partOf, readDumpFile, writeDumpFile } from '../dump-file.ts';
import { isBackupName } from './backup-name.ts';
import type { BackupPlace } from './backup-place.ts';
import { originIn } from './origin-in.ts';

/** Backups in a directory, which is created when it is not there. */
export class BackupDirectory implements BackupPlace {
  constructor(
    private readonly dir: string,
    private readonly origin: string,
  ) {}

  pathOf(name: string): string {
    return join(this.dir, name);
  }

  async prepare(): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.dir)) {
      const whole = name.slice(0, -partOf('').length);
      if (partOf(whole) !== name || !isBackupName(whole)) continue;
      if ((await originIn(this.read(name))) === this.origin) await this.remove(name);
    }
  }

  write<T>(name: string, frames: AsyncGenerator<Buffer, T>): Promise<T> {
    return writeDumpFile(this.pathOf(name), frames);
  }

  read(name: string): AsyncIterable<Uint8Array> {
    return readDumpFile(this.pathOf(name));
  }

  async names(): Promise<string[]> {
    return (await readdir(this.dir)).filter(isBackupName);
  }

  async remove(name: string): Promise<void> {
    await rm(this.pathOf(name), { force: true });
  }

  close(): void {}
}

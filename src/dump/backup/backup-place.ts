/** Where backups are kept: a directory, or a bucket. Names are those of backups alone, without a path. */
export interface BackupPlace {
  /** Where a backup of that name is, for people. */
  pathOf(name: string): string;
  /** Makes the place ready, and removes what backups of this store have left that were killed. To be called while none is made. */
  prepare(): Promise<void>;
  /** Writes a backup, which has its name when it is whole, and returns what its writer returned. When that fails nothing is left. */
  write<T>(name: string, frames: AsyncGenerator<Buffer, T>): Promise<T>;
  read(name: string): AsyncIterable<Uint8Array>;
  /** The names of all that is called like a backup, in any order. */
  names(): Promise<string[]>;
  /** Removes a backup. Harmless when it is gone. */
  remove(name: string): Promise<void>;
  close(): void;
}

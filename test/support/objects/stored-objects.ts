export interface Stored {
  readonly key: string;
  readonly size_bytes: number;
  readonly written_ms: number;
  /** When it was deleted, for listings that are stale. */
  readonly deleted_ms?: number;
}

/** The objects of a bucket, by folder, so that those of one tablet are found among those of thousands. */
export class StoredObjects {
  readonly #folders = new Map<string, Map<string, Stored>>();
  readonly #remembered_ms: number;

  /** Remembers what was deleted for so long. */
  constructor(remembered_ms: number) {
    this.#remembered_ms = remembered_ms;
  }

  put(key: string, size_bytes: number): void {
    const folder = folderOf(key);
    const objects = this.#folders.get(folder) ?? new Map<string, Stored>();
    this.#folders.set(folder, objects.set(key, { key, size_bytes, written_ms: Date.now() }));
  }

  has(key: string): boolean {
    return isThere(this.#folders.get(folderOf(key))?.get(key));
  }

  delete(key: string): void {
    const objects = this.#folders.get(folderOf(key));
    const stored = objects?.get(key);
    if (stored && isThere(stored)) objects?.set(key, { ...stored, deleted_ms: Date.now() });
  }

  /** The keys of all that are there, in no order. */
  keys(): string[] {
    return [...this.#folders.values()].flatMap((objects) =>
      [...objects.values()].filter(isThere).map(({ key }) => key),
    );
  }

  /** Those whose keys begin with `prefix`, with those that were deleted a short while ago. */
  below(prefix: string): Stored[] {
    const forgotten_ms = Date.now() - this.#remembered_ms;
    const found: Stored[] = [];
    for (const [folder, objects] of this.#folders) {
      if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) continue;
      for (const [key, stored] of objects) {
        if (stored.deleted_ms !== undefined && stored.deleted_ms < forgotten_ms) objects.delete(key);
        else if (key.startsWith(prefix)) found.push(stored);
      }
    }
    return found;
  }
}

function isThere(stored: Stored | undefined): boolean {
  return stored !== undefined && stored.deleted_ms === undefined;
}

/** All of a key but its last part. */
function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

import type { DeletedObjects, StoredObject } from './object-store.ts';

/** What a kind of storage can do, by full paths: those of the bucket, the container or the file system. */
export interface ObjectBackend {
  /** The most paths that `delete` takes at a time. */
  readonly batch_objects: number;
  /** How many calls of `delete` may run side by side. */
  readonly parallel_batches: number;
  put(path: string, body: Uint8Array): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** The objects whose paths begin with `prefix`, in pages none of which is empty. */
  list(prefix: string): AsyncIterable<readonly StoredObject[]>;
  /** When it resolves, none of them is there. */
  delete(paths: readonly string[]): Promise<void>;
  /** Deletes all that begins with `prefix`, for storage that can do so without a listing; `mayGo` as for an `ObjectStore`. */
  deletePrefix?(prefix: string, mayGo?: () => Promise<void>): Promise<DeletedObjects>;
  close(): void;
}

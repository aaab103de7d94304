/** One object below a store's prefix. */
export interface StoredObject {
  /** Its path below the prefix, without a slash before it: `data/10003/0200..._0.dat`. */
  readonly key: string;
  readonly size_bytes: number;
  /** When it was written last, in milliseconds since 1970, by the storage's own clock. */
  readonly modified_ms: number;
  /** What the storage tells versions of an object by, without quotes around it; undefined where it has no such thing. */
  readonly etag?: string;
}

export interface DeletedObjects {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Objects of one tenant in one place: a bucket, a container or a file system, below a prefix which no caller sees. Keys are
 * relative to it, and none of them leads out of it.
 *
 * Every call may be made again after it failed. Whatever goes wrong is an ObjectStoreError, which names the place by `name`
 * and has no key or signature in it.
 */
export interface ObjectStore {
  /** What logs, errors and reports call it. */
  readonly name: string;
  put(key: string, body: Uint8Array): Promise<void>;
  /** Whether there is such an object. */
  exists(key: string): Promise<boolean>;
  /**
   * The objects whose keys begin with `prefix`, in pages none of which is empty, in no certain order. What is written or
   * deleted meanwhile may be in it or not.
   */
  list(prefix: string): AsyncIterable<readonly StoredObject[]>;
  /** Deletes objects, any number of them. When it resolves, none of them is there; those that were not count as deleted. */
  delete(keys: readonly string[]): Promise<void>;
  /**
   * Deletes every object whose key begins with `prefix`, as far as it was there before. `mayGo` is called before each batch of
   * them: once it rejects, nothing more is deleted, and that is what this rejects with.
   */
  deletePrefix(prefix: string, mayGo?: () => Promise<void>): Promise<DeletedObjects>;
  /** Gives back its connections. */
  close(): void;
}

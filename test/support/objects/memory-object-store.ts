import type { ObjectBackend } from '../../../src/objects/backend.ts';
import type { StoredObject } from '../../../src/objects/object-store.ts';
import { ObjectStoreError } from '../../../src/objects/object-store-error.ts';
import { RootedStore } from '../../../src/objects/rooted-store.ts';
import type { MemoryBucket } from './memory-bucket.ts';

/** A call to a place, as faults are asked about it. Keys are full: those of the bucket. */
export type ObjectCall =
  | { readonly deed: 'put'; readonly key: string }
  | { readonly deed: 'exists'; readonly key: string }
  | { readonly deed: 'list'; readonly prefix: string }
  /** A batch; `deletePrefix` makes some of them after a `list`. */
  | { readonly deed: 'delete'; readonly keys: readonly string[] };

/** What goes wrong with a call. Without any of these fields, nothing does. */
export interface ObjectFault {
  /** Fails, and has done nothing. */
  readonly before?: ObjectStoreError;
  /** Fails when all was done; a listing after its first page. */
  readonly after?: ObjectStoreError;
  /** Of a `delete`: how many of its keys go, before it fails. */
  readonly partial?: number;
  /** Of a `list`: shows what was there so many changes of the bucket ago. */
  readonly stale_changes?: number;
}

export interface MemoryOptions {
  /** Asked before each call; may take its time. */
  readonly fault?: (call: ObjectCall) => ObjectFault | undefined | Promise<ObjectFault | undefined>;
  /** Puts the objects of a listing into any order; that of their keys when it is left out. */
  readonly order?: (objects: StoredObject[]) => StoredObject[];
  readonly page_objects?: number;
  readonly batch_objects?: number;
  readonly now_ms?: () => number;
}

/** A place in the memory of the test, with faults on demand. Many may share a bucket. */
export class MemoryObjectStore extends RootedStore {
  closed = false;

  constructor(name: string, bucket: MemoryBucket, prefix: string, options: MemoryOptions = {}) {
    super(name, prefix, new MemoryBackend(name, bucket, options));
  }

  override close(): void {
    this.closed = true;
  }
}

class MemoryBackend implements ObjectBackend {
  readonly batch_objects: number;
  /** One after the other, so that a test can tell what has happened. */
  readonly parallel_batches = 1;

  constructor(
    private readonly name: string,
    private readonly bucket: MemoryBucket,
    private readonly options: MemoryOptions,
  ) {
    this.batch_objects = options.batch_objects ?? 1000;
  }

  async put(path: string, body: Uint8Array): Promise<void> {
    const now_ms = this.options.now_ms ?? Date.now;
    await this.#withFaults({ deed: 'put', key: path }, () => this.bucket.put(path, body, now_ms()));
  }

  exists(path: string): Promise<boolean> {
    return this.#withFaults({ deed: 'exists', key: path }, () => this.bucket.has(path));
  }

  async *list(prefix: string): AsyncGenerator<readonly StoredObject[]> {
    const fault = await this.options.fault?.({ deed: 'list', prefix });
    if (fault?.before) throw fault.before;
    const { order = (objects) => objects, page_objects = 1000 } = this.options;
    const objects = order(this.bucket.list(prefix, fault?.stale_changes));
    for (let at = 0; at < objects.length; at += page_objects) {
      yield objects.slice(at, at + page_objects);
      if (fault?.after) throw fault.after;
    }
    if (fault?.after) throw fault.after;
  }

  async delete(paths: readonly string[]): Promise<void> {
    await this.#withFaults({ deed: 'delete', keys: paths }, (fault) => {
      for (const path of paths.slice(0, fault?.partial)) this.bucket.delete(path);
      if (fault?.partial === undefined) return;
      const left = paths.length - fault.partial;
      throw new ObjectStoreError('failed', `${this.name}: ${left} of ${paths.length} objects are still there`);
    });
  }

  close(): void {}

  async #withFaults<T>(call: ObjectCall, work: (fault: ObjectFault | undefined) => T): Promise<T> {
    const fault = await this.options.fault?.(call);
    if (fault?.before) throw fault.before;
    const result = work(fault);
    if (fault?.after) throw fault.after;
    return result;
  }
}

import type { DeletedObjects, ObjectStore, StoredObject } from '../../../src/objects/object-store.ts';
import { ObjectStoreError } from '../../../src/objects/object-store-error.ts';
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
export class MemoryObjectStore implements ObjectStore {
  readonly #root: string;
  closed = false;

  constructor(
    readonly name: string,
    private readonly bucket: MemoryBucket,
    prefix: string,
    private readonly options: MemoryOptions = {},
  ) {
    this.#root = prefix === '' ? '' : `${prefix}/`;
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    const full = this.#full(key);
    const now_ms = this.options.now_ms ?? Date.now;
    await this.#withFaults({ deed: 'put', key: full }, () => this.bucket.put(full, body, now_ms()));
  }

  exists(key: string): Promise<boolean> {
    const full = this.#full(key);
    return this.#withFaults({ deed: 'exists', key: full }, () => this.bucket.has(full));
  }

  async *list(prefix: string): AsyncGenerator<readonly StoredObject[]> {
    const full = this.#full(prefix);
    const fault = await this.options.fault?.({ deed: 'list', prefix: full });
    if (fault?.before) throw fault.before;
    const { order = (objects) => objects, page_objects = 1000 } = this.options;
    const objects = order(this.bucket.list(full, fault?.stale_changes));
    for (let at = 0; at < objects.length; at += page_objects) {
      const page = objects.slice(at, at + page_objects);
      yield page.map((object) => ({ ...object, key: object.key.slice(this.#root.length) }));
      if (fault?.after) throw fault.after;
    }
    if (fault?.after) throw fault.after;
  }

  async delete(keys: readonly string[]): Promise<void> {
    const { batch_objects = 1000 } = this.options;
    const all = keys.map((key) => this.#full(key));
    for (let at = 0; at < all.length; at += batch_objects) {
      const some = all.slice(at, at + batch_objects);
      await this.#withFaults({ deed: 'delete', keys: some }, (fault) => {
        for (const key of some.slice(0, fault?.partial)) this.bucket.delete(key);
        if (fault?.partial !== undefined) {
          const left = some.length - fault.partial;
          throw new ObjectStoreError('failed', `${this.name}: ${left} of ${some.length} objects are still there`);
        }
      });
    }
  }

  async deletePrefix(prefix: string, older_than_ms = Number.POSITIVE_INFINITY): Promise<DeletedObjects> {
    let objects = 0;
    let bytes = 0;
    for await (const page of this.list(prefix)) {
      const due = page.filter(({ modified_ms }) => modified_ms < older_than_ms);
      await this.delete(due.map(({ key }) => key));
      objects += due.length;
      bytes += due.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
    }
    return { objects, bytes };
  }

  close(): void {
    this.closed = true;
  }

  #full(key: string): string {
    if (key.startsWith('/') || key.split('/').includes('..')) throw new Error(`no key below a prefix: ${key}`);
    return this.#root + key;
  }

  async #withFaults<T>(call: ObjectCall, work: (fault: ObjectFault | undefined) => T): Promise<T> {
    const fault = await this.options.fault?.(call);
    if (fault?.before) throw fault.before;
    const result = work(fault);
    if (fault?.after) throw fault.after;
    return result;
  }
}

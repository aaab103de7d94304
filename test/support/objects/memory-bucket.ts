import { createHash } from 'node:crypto';
import type { StoredObject } from '../../../src/objects/object-store.ts';

interface Held {
  readonly body: Uint8Array;
  readonly modified_ms: number;
  readonly etag: string;
}

/** How many changes back a listing may be stale. */
const REMEMBERED_CHANGES = 10_000;

/** Objects by their full keys, in the memory of the test. */
export class MemoryBucket {
  readonly #objects = new Map<string, Held>();
  readonly #changes: { readonly key: string; readonly before: Held | undefined }[] = [];

  get keys(): string[] {
    return [...this.#objects.keys()].sort();
  }

  get size(): number {
    return this.#objects.size;
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  body(key: string): Uint8Array | undefined {
    return this.#objects.get(key)?.body;
  }

  put(key: string, body: Uint8Array, modified_ms: number): void {
    this.#remember(key);
    this.#objects.set(key, { body: Uint8Array.from(body), modified_ms, etag: md5(body) });
  }

  delete(key: string): void {
    if (!this.#objects.has(key)) return;
    this.#remember(key);
    this.#objects.delete(key);
  }

  /** The objects whose keys begin with `prefix`, by their full keys, as they were so many changes ago. */
  list(prefix: string, changes_ago = 0): StoredObject[] {
    const seen = changes_ago === 0 ? this.#objects : this.#asOf(changes_ago);
    return [...seen.entries()]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, { body, ...rest }]) => ({ key, size_bytes: body.byteLength, ...rest }));
  }

  #remember(key: string): void {
    this.#changes.push({ key, before: this.#objects.get(key) });
    if (this.#changes.length > 2 * REMEMBERED_CHANGES) this.#changes.splice(0, REMEMBERED_CHANGES);
  }

  #asOf(changes_ago: number): ReadonlyMap<string, Held> {
    const objects = new Map(this.#objects);
    for (const { key, before } of this.#changes.slice(-changes_ago).reverse()) {
      if (before) objects.set(key, before);
      else objects.delete(key);
    }
    return objects;
  }
}

function md5(body: Uint8Array): string {
  return createHash('md5').update(body).digest('hex');
}

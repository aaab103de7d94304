import type { ObjectStore, StoredObject } from '../object-store.ts';
import { ObjectStoreError } from '../object-store-error.ts';
import { Parts } from './parts.ts';
import type { Part, PartsBackend } from './parts-backend.ts';

/** No storage of the family takes more parts, and none but the last may be smaller than 5 MiB. */
const MOST_PARTS = 10_000;
const PART_BYTES = 16 * 1024 * 1024;
/** How much of an object is read at first, for whoever wants to see its beginning alone, and how much at a time after that. */
const FIRST_READ_BYTES = 64 * 1024;
const READ_BYTES = 8 * 1024 * 1024;

export interface LargeObjectsOptions {
  readonly store: ObjectStore;
  readonly parts: PartsBackend;
  /** What the paths of all objects begin with, a slash behind it; empty for the whole bucket. */
  readonly root: string;
  /** The size of a part; tests don't want to send as much. */
  readonly part_bytes?: number;
}

/**
 * Objects of any size below a prefix, of which no more than two parts are in memory: written as they are made, and read as
 * they are wanted. An object is seen when all of it is there. Whatever goes wrong is an ObjectStoreError.
 */
export class LargeObjects {
  readonly #store: ObjectStore;
  readonly #parts: PartsBackend;
  readonly #root: string;
  readonly #part_bytes: number;

  constructor({ store, parts, root, part_bytes = PART_BYTES }: LargeObjectsOptions) {
    this.#store = store;
    this.#parts = parts;
    this.#root = root;
    this.#part_bytes = part_bytes;
  }

  get name(): string {
    return this.#store.name;
  }

  /**
   * Writes an object from its pieces, and returns what their generator returned. `onBegun` is told by which name `abandon` can
   * throw away what was uploaded, should this process not live to do it. When anything fails, that is done, and nothing is seen.
   */
  async upload<T>(
    key: string,
    pieces: AsyncGenerator<Uint8Array, T>,
    onBegun: (upload_id: string) => Promise<void>,
  ): Promise<T> {
    const path = this.#root + key;
    if (await this.#store.exists(key)) throw this.#error('failed', `there is an object ${key} already`);
    const id = await this.#parts.begin(path);
    try {
      await onBegun(id);
      return await this.#send(path, id, pieces);
    } catch (error) {
      // The reason is what counts; and what could not be thrown away is known by its id.
      await this.#parts.abort(path, id).catch(() => undefined);
      throw error;
    } finally {
      await pieces.return(undefined as T);
    }
  }

  /** Throws away what an upload has left that neither came to its end nor could clean up. Harmless when nothing is left. */
  async abandon(key: string, upload_id: string): Promise<void> {
    await this.#parts.abort(this.#root + key, upload_id);
  }

  /** The bytes of an object. No more of it is asked for than is wanted. */
  async *read(key: string): AsyncGenerator<Uint8Array> {
    const path = this.#root + key;
    for (let at = 0, most = FIRST_READ_BYTES; ; most = READ_BYTES) {
      const { bytes, object_bytes } = await this.#parts.read(path, at, most);
      yield bytes;
      at += bytes.length;
      if (at >= object_bytes) return;
      if (bytes.length === 0)
        throw this.#error('failed', `${key} has ${object_bytes} bytes, and gives no more than ${at}`);
    }
  }

  list(prefix: string): AsyncIterable<readonly StoredObject[]> {
    return this.#store.list(prefix);
  }

  async delete(key: string): Promise<void> {
    await this.#store.delete([key]);
  }

  close(): void {
    this.#store.close();
  }

  /** Sends one part while the next one is filled. */
  async #send<T>(path: string, id: string, pieces: AsyncGenerator<Uint8Array, T>): Promise<T> {
    const parts = new Parts(this.#part_bytes);
    const tags: string[] = [];
    let before: Promise<string> | undefined;
    const send = async (part: Part): Promise<void> => {
      if (before) tags.push(await before);
      if (tags.length === MOST_PARTS) throw this.#error('failed', `an object has at most ${this.#most_bytes()} bytes`);
      before = this.#parts.put(path, id, tags.length + 1, part);
      // It may fail while nobody waits for it yet.
      before.catch(() => undefined);
    };
    try {
      for (;;) {
        const { done, value } = await pieces.next();
        if (done) {
          const last = parts.last();
          if (last) await send(last);
          if (before) tags.push(await before);
          await this.#parts.complete(path, id, tags);
          return value;
        }
        for (const part of parts.add(value)) await send(part);
      }
    } finally {
      // What is still on its way would come after the abort, and stay.
      await before?.catch(() => undefined);
    }
  }

  #most_bytes(): number {
    return MOST_PARTS * this.#part_bytes;
  }

  #error(fault: ObjectStoreError['fault'], why: string): ObjectStoreError {
    return new ObjectStoreError(fault, `${this.name}: ${why}`);
  }
}

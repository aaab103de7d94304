import type { ObjectBackend } from './backend.ts';
import { Deletions } from './deletions.ts';
import type { DeletedObjects, ObjectStore, StoredObject } from './object-store.ts';
import { ObjectStoreError } from './object-store-error.ts';

const LEADS_ELSEWHERE = /(?:^|[/\\])\.{1,2}(?:[/\\]|$)/;

/** A place for objects below a prefix of some storage. */
export class RootedStore implements ObjectStore {
  readonly #root: string;

  constructor(
    readonly name: string,
    prefix: string,
    private readonly backend: ObjectBackend,
  ) {
    if (LEADS_ELSEWHERE.test(prefix)) {
      throw new ObjectStoreError('misconfigured', 'its prefix has a step that leads elsewhere');
    }
    this.#root = prefix === '' ? '' : `${prefix}/`;
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    await this.backend.put(this.#path(key), body);
  }

  async exists(key: string): Promise<boolean> {
    return this.backend.exists(this.#path(key));
  }

  async *list(prefix: string): AsyncGenerator<readonly StoredObject[]> {
    for await (const page of this.#pages(this.#pathOfPrefix(prefix))) {
      yield page.map((object) => ({ ...object, key: object.key.slice(this.#root.length) }));
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    const paths = [...new Set(keys)].map((key) => this.#path(key));
    const { batch_objects, parallel_batches } = this.backend;
    const deletions = new Deletions(parallel_batches);
    try {
      for (let at = 0; at < paths.length; at += batch_objects) {
        await deletions.add(() => this.backend.delete(paths.slice(at, at + batch_objects)));
      }
    } finally {
      await deletions.settled();
    }
    await deletions.end();
  }

  async deletePrefix(prefix: string, mayGo?: () => Promise<void>): Promise<DeletedObjects> {
    const path = this.#pathOfPrefix(prefix);
    if (path === '')
      throw this.#refused('misconfigured', 'it has no prefix of its own, and others may use the rest of it');
    if (this.backend.deletePrefix) return this.backend.deletePrefix(path, mayGo);
    return this.#deleteListed(path, mayGo);
  }

  close(): void {
    this.backend.close();
  }

  /** What is listed may be deleted next, so a storage that lists more than it was asked for is not believed. */
  async *#pages(path: string): AsyncGenerator<readonly StoredObject[]> {
    for await (const page of this.backend.list(path)) {
      const stray = page.find(({ key }) => !key.startsWith(path));
      if (stray) throw this.#refused('failed', `a listing has ${shown(stray.key)}, which was not asked for`);
      yield page;
    }
  }

  /** Deletes what is listed while the listing goes on. */
  async #deleteListed(path: string, mayGo?: () => Promise<void>): Promise<DeletedObjects> {
    const { batch_objects, parallel_batches } = this.backend;
    const deletions = new Deletions(parallel_batches);
    let objects = 0;
    let bytes = 0;
    const begin = (batch: readonly StoredObject[]) =>
      deletions.add(async () => {
        await mayGo?.();
        await this.backend.delete(batch.map(({ key }) => key));
        objects += batch.length;
        bytes += batch.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
      });
    let due: StoredObject[] = [];
    try {
      for await (const page of this.#pages(path)) {
        for (const object of page) {
          this.#refuseDots(object.key);
          due.push(object);
          if (due.length < batch_objects) continue;
          await begin(due);
          due = [];
        }
      }
      if (due.length > 0) await begin(due);
    } finally {
      await deletions.settled();
    }
    await deletions.end();
    return { objects, bytes };
  }

  #path(key: string): string {
    if (key === '') throw this.#refused('failed', 'an object needs a key');
    return this.#pathOfPrefix(key);
  }

  #pathOfPrefix(prefix: string): string {
    if (prefix.startsWith('/')) throw this.#refused('failed', `the key ${shown(prefix)} begins with a slash`);
    this.#refuseDots(prefix);
    return this.#root + prefix;
  }

  /** Addresses are brought into their shortest form on the way, which would make another object of it. */
  #refuseDots(path: string): void {
    if (LEADS_ELSEWHERE.test(path)) {
      throw this.#refused('failed', `the key ${shown(path)} has a step that leads elsewhere`);
    }
  }

  #refused(fault: 'failed' | 'misconfigured', why: string): ObjectStoreError {
    return new ObjectStoreError(fault, `${this.name}: refused, since ${why}`);
  }
}

const SHOWN_CHARACTERS = 200;

function shown(key: string): string {
  return JSON.stringify(key.slice(0, SHOWN_CHARACTERS));
}

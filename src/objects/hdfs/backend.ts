import type { ObjectBackend } from '../backend.ts';
import type { HdfsLocation } from '../location.ts';
import type { DeletedObjects, StoredObject } from '../object-store.ts';
import { ObjectStoreError } from '../object-store-error.ts';
import type { ObjectStoreOptions } from '../options.ts';
import { RequestFailed, Requests } from '../requests.ts';
import { failureOfHdfs, isNotFound, isUnknownOperation, NO_KERBEROS } from './failure.ts';
import { nameNodesOf } from './name-nodes.ts';
import { type FileStatus, type Listing, WebHdfs } from './web-hdfs.ts';

const NOTHING: Listing = { entries: [], more: false };

/** A file system of Hadoop. Its objects are files; the folders that they leave behind when they go are no objects. */
export class HdfsBackend implements ObjectBackend {
  readonly batch_objects = 1;
  readonly parallel_batches = 16;
  readonly #hdfs: WebHdfs;
  readonly #requests: Requests;
  /** Older services list a folder at once or not at all. */
  #inBatches = true;

  /** Throws an ObjectStoreError when there is no address, or a login is asked for that this client does not know. */
  constructor(location: HdfsLocation, options: ObjectStoreOptions) {
    if (location.kerberos || location.confs['hadoop.security.authentication']?.toLowerCase() === 'kerberos') {
      throw new ObjectStoreError('misconfigured', NO_KERBEROS);
    }
    this.#hdfs = new WebHdfs(nameNodesOf(location, options.settings.webhdfs_port), location.user);
    this.#requests = new Requests(options, [], failureOfHdfs);
  }

  async put(path: string, body: Uint8Array): Promise<void> {
    await this.#requests.send('put', 'put an object', (signal) => this.#hdfs.create(`/${path}`, body, signal));
  }

  exists(path: string): Promise<boolean> {
    return this.#requests.send('get', 'look for an object', async (signal) => {
      const status = await orNothing(this.#hdfs.status(`/${path}`, signal));
      return status?.type === 'FILE';
    });
  }

  async *list(prefix: string): AsyncGenerator<readonly StoredObject[]> {
    const { folder, begin } = split(prefix);
    yield* this.#walk(folder, begin);
  }

  async delete(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#remove('delete an object', `/${path}`, false);
  }

  async deletePrefix(prefix: string, mayGo?: () => Promise<void>): Promise<DeletedObjects> {
    const { folder, begin } = split(prefix);
    if (begin === '') return this.#deleteFolder(folder, mayGo);
    let deleted: DeletedObjects = { objects: 0, bytes: 0 };
    for await (const entries of this.#pages(folder)) {
      for (const entry of entries) {
        if (entry.pathSuffix.startsWith(begin)) deleted = sum(deleted, await this.#deleteEntry(folder, entry, mayGo));
      }
    }
    return deleted;
  }

  /** Connections are those of the process, and end by themselves when nobody uses them. */
  close(): void {}

  async *#walk(folder: string, begin: string): AsyncGenerator<readonly StoredObject[]> {
    for await (const entries of this.#pages(folder)) {
      const some = entries.filter(({ pathSuffix }) => pathSuffix.startsWith(begin));
      const files = some.filter(({ type }) => type === 'FILE');
      if (files.length > 0) yield files.map((file) => objectOf(folder, file));
      for (const { type, pathSuffix } of some) {
        if (type === 'DIRECTORY') yield* this.#walk(`${folder}${pathSuffix}/`, '');
      }
    }
  }

  /** What is in a folder. One that is not there has nothing in it, and a file neither. */
  async *#pages(folder: string): AsyncGenerator<readonly FileStatus[]> {
    let after = '';
    for (;;) {
      const { entries, more } = await this.#listing(`/${folder}`, after);
      const inside = entries.filter(({ pathSuffix }) => pathSuffix !== '');
      if (inside.length > 0) yield inside;
      const last = inside.at(-1);
      if (!more || !last) return;
      after = last.pathSuffix;
    }
  }

  #listing(path: string, after: string): Promise<Listing> {
    return this.#requests.send('get', 'list objects', async (signal) => {
      if (this.#inBatches) {
        try {
          return (await orNothing(this.#hdfs.listBatch(path, after, signal))) ?? NOTHING;
        } catch (error) {
          if (!isUnknownOperation(error)) throw error;
          this.#inBatches = false;
        }
      }
      return (await orNothing(this.#hdfs.listAll(path, signal))) ?? NOTHING;
    });
  }

  async #deleteEntry(
    folder: string,
    { type, pathSuffix, length }: FileStatus,
    mayGo?: () => Promise<void>,
  ): Promise<DeletedObjects> {
    const path = `${folder}${pathSuffix}`;
    if (type === 'DIRECTORY') return this.#deleteFolder(`${path}/`, mayGo);
    await mayGo?.();
    await this.delete([path]);
    return { objects: 1, bytes: length };
  }

  async #deleteFolder(folder: string, mayGo?: () => Promise<void>): Promise<DeletedObjects> {
    const path = `/${folder.slice(0, -1)}`;
    const summary = await this.#requests.send('get', 'count objects', (signal) =>
      orNothing(this.#hdfs.contentSummary(path, signal)),
    );
    // A folder counts itself. A file of that name has no slash behind it, so it is none of these objects.
    if (!summary || summary.directoryCount === 0) return { objects: 0, bytes: 0 };
    await mayGo?.();
    await this.#remove('delete objects', path, true);
    return { objects: summary.fileCount, bytes: summary.length };
  }

  /** Deletes a file, or a folder with all in it. That it was not deleted mostly means that it was not there; it is looked for. */
  async #remove(deed: string, path: string, recursive: boolean): Promise<void> {
    await this.#requests.send('put', deed, async (signal) => {
      if (await this.#hdfs.delete(path, recursive, signal)) return;
      if (await orNothing(this.#hdfs.status(path, signal))) {
        throw new RequestFailed({ fault: 'failed', reason: 'it is there still' });
      }
    });
  }
}

/** `a/b/` and `c` of `a/b/c`. */
function split(prefix: string): { readonly folder: string; readonly begin: string } {
  const at = prefix.lastIndexOf('/') + 1;
  return { folder: prefix.slice(0, at), begin: prefix.slice(at) };
}

function objectOf(folder: string, { pathSuffix, length, modificationTime }: FileStatus): StoredObject {
  return { key: `${folder}${pathSuffix}`, size_bytes: length, modified_ms: modificationTime };
}

function sum(one: DeletedObjects, other: DeletedObjects): DeletedObjects {
  return { objects: one.objects + other.objects, bytes: one.bytes + other.bytes };
}

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

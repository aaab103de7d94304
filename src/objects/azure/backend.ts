import type { BlobItem } from '@azure/storage-blob';
import type { ObjectBackend } from '../backend.ts';
import type { AzureLocation } from '../location.ts';
import type { StoredObject } from '../object-store.ts';
import type { ObjectStoreOptions } from '../options.ts';
import { type Failure, RequestFailed } from '../requests.ts';
import { codeOfAzure, failureOfCode } from './failure.ts';
import { AzureSession, type OpenedAzure } from './session.ts';

/** The service takes no more in one request. */
const MOST_OF_A_BATCH = 256;
const MOST_OF_A_PAGE = 1000;
const GONE = 404;
const ACCEPTED = 202;

/** A container of Azure Blob Storage. */
export class AzureBackend implements ObjectBackend {
  readonly batch_objects = MOST_OF_A_BATCH;
  readonly parallel_batches = 4;
  readonly #session: AzureSession;

  /** Throws an ObjectStoreError when the endpoint is no address, or the account's key can't be one. */
  constructor(location: AzureLocation, options: ObjectStoreOptions, session = new AzureSession(location, options)) {
    this.#session = session;
  }

  async put(path: string, body: Uint8Array): Promise<void> {
    const { container } = await this.#session.open();
    await this.#session.requests.send('put', 'put an object', async (abortSignal) => {
      await container.getBlockBlobClient(path).upload(Buffer.from(body), body.byteLength, { abortSignal });
    });
  }

  async exists(path: string): Promise<boolean> {
    const { container } = await this.#session.open();
    return this.#session.requests.send('get', 'look for an object', async (abortSignal) => {
      try {
        await container.getBlobClient(path).getProperties({ abortSignal });
        return true;
      } catch (error) {
        if (isGone(error)) return false;
        throw error;
      }
    });
  }

  async *list(prefix: string): AsyncGenerator<readonly StoredObject[]> {
    let token: string | undefined;
    do {
      const page = await this.#listPage(prefix, token);
      const objects = page.items.map(({ name, properties }) => ({
        key: name,
        size_bytes: properties.contentLength ?? 0,
        modified_ms: properties.lastModified.getTime(),
        etag: properties.etag.replace(/^"|"$/g, ''),
      }));
      if (objects.length > 0) yield objects;
      token = page.token;
    } while (token !== undefined && token !== '');
  }

  async delete(paths: readonly string[]): Promise<void> {
    const opened = await this.#session.open();
    let left = paths;
    await this.#session.requests.send('put', 'delete objects', async (signal) => {
      const failures = await this.#deleteSome(opened, left, signal);
      if (failures.length === 0) return;
      const all = left.length;
      left = failures.map(({ path }) => path);
      // As long as one of them will never go, trying again is of no use.
      const worst = failures.find(({ fault }) => fault !== 'unavailable') ?? failures[0];
      const reason = `${failures.length} of ${all} objects are still there: ${worst?.reason}`;
      throw new RequestFailed({ fault: worst?.fault ?? 'failed', reason });
    });
  }

  close(): void {
    this.#session.close();
  }

  async #listPage(
    prefix: string,
    continuationToken: string | undefined,
  ): Promise<{ readonly items: readonly BlobItem[]; readonly token: string | undefined }> {
    const { container } = await this.#session.open();
    return this.#session.requests.send('get', 'list objects', async (abortSignal) => {
      const settings = { maxPageSize: MOST_OF_A_PAGE, ...(continuationToken !== undefined && { continuationToken }) };
      const pages = container.listBlobsFlat({ prefix, abortSignal }).byPage(settings);
      const { value } = await pages.next();
      return { items: value?.segment.blobItems ?? [], token: value?.continuationToken };
    });
  }

  /** Deletes a batch with all snapshots, and resolves to what is still there. */
  async #deleteSome(
    { container, batches }: OpenedAzure,
    paths: readonly string[],
    abortSignal: AbortSignal,
  ): Promise<(Failure & { path: string })[]> {
    const clients = paths.map((path) => container.getBlobClient(path));
    const { subResponses } = await batches.deleteBlobs(clients, { deleteSnapshots: 'include', abortSignal });
    return paths.flatMap((path, i) => {
      const answer = subResponses[i];
      if (!answer) return [{ path, fault: 'failed', reason: 'there was no answer' }];
      const { status, errorCode = 'an unknown error' } = answer;
      if (status === ACCEPTED || (status === GONE && errorCode === 'BlobNotFound')) return [];
      return [{ path, ...failureOfCode(errorCode, status) }];
    });
  }
}

/** Whether it is the object that is missing, and not its container. */
function isGone(error: unknown): boolean {
  return (error as { readonly statusCode?: unknown }).statusCode === GONE && codeOfAzure(error) === 'BlobNotFound';
}

import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { ObjectBackend } from '../backend.ts';
import type { S3Location } from '../location.ts';
import type { StoredObject } from '../object-store.ts';
import type { ObjectStoreOptions } from '../options.ts';
import { RequestFailed } from '../requests.ts';
import { faultOfCode, statusOf } from './failure.ts';
import { type OpenedS3, S3Session } from './session.ts';

/** No storage of the family takes more in one request. */
const MOST_OF_A_BATCH = 1000;

/** A bucket of the S3 family. */
export class S3Backend implements ObjectBackend {
  readonly batch_objects: number;
  readonly parallel_batches: number;
  readonly #session: S3Session;
  readonly #location: S3Location;
  readonly #bucket: { readonly Bucket: string };

  /** Throws an ObjectStoreError when the endpoint is no address. */
  constructor(location: S3Location, options: ObjectStoreOptions, session = new S3Session(location, options)) {
    this.batch_objects = location.batch_delete ? MOST_OF_A_BATCH : 1;
    this.parallel_batches = location.batch_delete ? 4 : 16;
    this.#location = location;
    this.#bucket = { Bucket: location.bucket };
    this.#session = session;
  }

  async put(path: string, body: Uint8Array): Promise<void> {
    const { s3, client } = await this.#session.open();
    await this.#session.requests.send('put', 'put an object', async (abortSignal) => {
      const command = new s3.PutObjectCommand({ ...this.#bucket, Key: path, Body: body });
      await client.send(command, { abortSignal });
    });
  }

  async exists(path: string): Promise<boolean> {
    const { s3, client } = await this.#session.open();
    const found = await this.#session.requests.send('get', 'look for an object', async (abortSignal) => {
      try {
        await client.send(new s3.HeadObjectCommand({ ...this.#bucket, Key: path }), { abortSignal });
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return false;
        throw error;
      }
    });
    if (found) return true;
    // An answer without a body doesn't say whether it is the object that is missing, or the whole bucket.
    const page = await this.#listPage('look for an object', path, undefined, 1);
    return page.Contents?.[0]?.Key === path;
  }

  async *list(prefix: string): AsyncGenerator<readonly StoredObject[]> {
    let token: string | undefined;
    do {
      const page = await this.#listPage('list objects', prefix, token);
      const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified, ETag }) => ({
        key: Key,
        size_bytes: Size,
        // Without a time it may be as young as any.
        modified_ms: LastModified?.getTime() ?? Date.now(),
        ...(ETag !== undefined && { etag: ETag.replace(/^"|"$/g, '') }),
      }));
      if (objects.length > 0) yield objects;
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(paths: readonly string[]): Promise<void> {
    if (!this.#location.batch_delete) {
      for (const path of paths) await this.#deleteOne(path);
      return;
    }
    const opened = await this.#session.open();
    let left = paths;
    await this.#session.requests.send('put', 'delete objects', async (signal) => {
      const errors = await this.#deleteSome(opened, left, signal);
      if (errors.length === 0) return;
      const all = left.length;
      const [first] = errors;
      const known = new Set(left);
      if (errors.every(({ path }) => known.has(path))) left = errors.map(({ path }) => path);
      // As long as one of them will never go, trying again is of no use.
      const fault = errors.map(({ code }) => faultOfCode(code)).find((one) => one !== 'unavailable') ?? 'unavailable';
      throw new RequestFailed({ fault, reason: `${errors.length} of ${all} objects are still there: ${first?.code}` });
    });
  }

  close(): void {
    this.#session.close();
  }

  async #listPage(
    deed: string,
    prefix: string,
    token: string | undefined,
    most?: number,
  ): Promise<ListObjectsV2CommandOutput> {
    const { s3, client } = await this.#session.open();
    return this.#session.requests.send('get', deed, async (abortSignal) => {
      const page = { ContinuationToken: token, ...(most !== undefined && { MaxKeys: most }) };
      const output = await client.send(new s3.ListObjectsV2Command({ ...this.#bucket, Prefix: prefix, ...page }), {
        abortSignal,
      });
      if (output.IsTruncated && !output.NextContinuationToken) {
        throw new RequestFailed({ fault: 'failed', reason: 'a listing goes on and does not say where' });
      }
      return output;
    });
  }

  async #deleteOne(path: string): Promise<void> {
    const { s3, client } = await this.#session.open();
    await this.#session.requests.send('put', 'delete an object', async (abortSignal) => {
      try {
        await client.send(new s3.DeleteObjectCommand({ ...this.#bucket, Key: path }), { abortSignal });
      } catch (error) {
        if (!(error instanceof Error && error.name === 'NoSuchKey')) throw error;
      }
    });
  }

  /** Deletes a batch, and resolves to what is still there. */
  async #deleteSome(
    { s3, client }: OpenedS3,
    paths: readonly string[],
    abortSignal: AbortSignal,
  ): Promise<{ path: string; code: string }[]> {
    const Delete = { Objects: paths.map((Key) => ({ Key })), Quiet: true };
    const { Errors = [] } = await client.send(new s3.DeleteObjectsCommand({ ...this.#bucket, Delete }), {
      abortSignal,
    });
    return Errors.filter(({ Code }) => Code !== 'NoSuchKey').map(({ Key = '', Code = 'an unknown error' }) => ({
      path: Key,
      code: Code,
    }));
  }
}

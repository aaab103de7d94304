import type { Part, PartsBackend, Range } from '../large/parts-backend.ts';
import { EMPTY, isEmpty, sizeFrom, WRONG_RANGE } from '../large/range.ts';
import type { S3Location } from '../location.ts';
import { RequestFailed } from '../requests.ts';
import { statusOf } from './failure.ts';
import type { S3Session } from './session.ts';

/** Uploads in parts to a bucket of the S3 family. */
export class S3Parts implements PartsBackend {
  readonly #session: S3Session;
  readonly #bucket: { readonly Bucket: string };

  constructor({ bucket }: S3Location, session: S3Session) {
    this.#session = session;
    this.#bucket = { Bucket: bucket };
  }

  async begin(path: string): Promise<string> {
    const { s3, client } = await this.#session.open();
    return this.#session.requests.send('put', 'begin an upload', async (abortSignal) => {
      const command = new s3.CreateMultipartUploadCommand({ ...this.#bucket, Key: path });
      const { UploadId } = await client.send(command, { abortSignal });
      if (!UploadId) throw new RequestFailed({ fault: 'failed', reason: 'an upload has no id' });
      return UploadId;
    });
  }

  async put(path: string, UploadId: string, PartNumber: number, { bytes, sha256 }: Part): Promise<string> {
    const { s3, client } = await this.#session.open();
    return this.#session.requests.send('put', 'upload a part', async (abortSignal) => {
      const part = { ...this.#bucket, Key: path, UploadId, PartNumber, Body: bytes, ContentLength: bytes.length };
      const command = new s3.UploadPartCommand(part);
      command.middlewareStack.add(
        (next) => async (args) => {
          // The signature takes the sum from here, and would otherwise make it in one go.
          (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
          return next(args);
        },
        { step: 'build', priority: 'low', name: 'knownSum' },
      );
      const { ETag } = await client.send(command, { abortSignal });
      if (!ETag) throw new RequestFailed({ fault: 'failed', reason: 'a part has no tag' });
      return ETag;
    });
  }

  async complete(path: string, UploadId: string, tags: readonly string[]): Promise<void> {
    const { s3, client } = await this.#session.open();
    const Parts = tags.map((ETag, i) => ({ ETag, PartNumber: i + 1 }));
    let asked_before = false;
    await this.#session.requests.send('put', 'complete an upload', async (abortSignal) => {
      const object = { ...this.#bucket, Key: path };
      try {
        const command = new s3.CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } });
        await client.send(command, { abortSignal });
      } catch (error) {
        // What was done, though its answer was lost, can't be done again.
        if (!asked_before || !isGone(error)) throw error;
        await client.send(new s3.HeadObjectCommand(object), { abortSignal });
      } finally {
        asked_before = true;
      }
    });
  }

  async abort(path: string, UploadId: string): Promise<void> {
    const { s3, client } = await this.#session.open();
    await this.#session.last_requests.send('put', 'abort an upload', async (abortSignal) => {
      try {
        const command = new s3.AbortMultipartUploadCommand({ ...this.#bucket, Key: path, UploadId });
        await client.send(command, { abortSignal });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    });
  }

  async read(path: string, offset: number, most_bytes: number): Promise<Range> {
    const { s3, client } = await this.#session.open();
    return this.#session.requests.send('get', 'read an object', async (abortSignal) => {
      const wanted = `bytes=${offset}-${offset + most_bytes - 1}`;
      const command = new s3.GetObjectCommand({ ...this.#bucket, Key: path, Range: wanted });
      const answer = await client.send(command, { abortSignal }).catch((error: unknown) => {
        if (isEmpty(offset, statusOf(error))) return undefined;
        throw error;
      });
      if (answer === undefined) return EMPTY;
      const object_bytes = sizeFrom(answer.ContentRange, offset);
      if (answer.Body === undefined || object_bytes === undefined) throw new RequestFailed(WRONG_RANGE);
      return { bytes: await answer.Body.transformToByteArray(), object_bytes };
    });
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && error.name === 'NoSuchUpload';
}

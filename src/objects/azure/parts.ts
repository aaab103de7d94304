import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Part, PartsBackend, Range } from '../large/parts-backend.ts';
import { EMPTY, isEmpty, sizeFrom, WRONG_RANGE } from '../large/range.ts';
import { RequestFailed } from '../requests.ts';
import type { AzureSession } from './session.ts';

/** Uploads in blocks to a container of Azure Blob Storage. */
export class AzureParts implements PartsBackend {
  readonly #session: AzureSession;

  constructor(session: AzureSession) {
    this.#session = session;
  }

  /** Nobody has to be told: blocks of any name may be put, and those that no blob is made of go after a week. */
  async begin(): Promise<string> {
    return randomBytes(12).toString('hex');
  }

  async put(path: string, id: string, number: number, { bytes }: Part): Promise<string> {
    const { container } = await this.#session.open();
    // All ids of the blocks of a blob must be of one length.
    const block = Buffer.from(`${id}-${String(number).padStart(5, '0')}`).toString('base64');
    await this.#session.requests.send('put', 'upload a part', async (abortSignal) => {
      await container.getBlockBlobClient(path).stageBlock(block, bytes, bytes.length, { abortSignal });
    });
    return block;
  }

  async complete(path: string, _id: string, tags: readonly string[]): Promise<void> {
    const { container } = await this.#session.open();
    await this.#session.requests.send('put', 'complete an upload', async (abortSignal) => {
      await container.getBlockBlobClient(path).commitBlockList([...tags], { abortSignal });
    });
  }

  /** The service itself throws the blocks away. */
  async abort(): Promise<void> {}

  async read(path: string, offset: number, most_bytes: number): Promise<Range> {
    const { container } = await this.#session.open();
    return this.#session.requests.send('get', 'read an object', async (abortSignal) => {
      const blob = container.getBlobClient(path);
      const answer = await blob.download(offset, most_bytes, { abortSignal }).catch((error: unknown) => {
        if (isEmpty(offset, (error as { readonly statusCode?: unknown }).statusCode)) return undefined;
        throw error;
      });
      if (answer === undefined) return EMPTY;
      const object_bytes = sizeFrom(answer.contentRange, offset);
      const { readableStreamBody: body } = answer;
      if (body === undefined || object_bytes === undefined) throw new RequestFailed(WRONG_RANGE);
      return { bytes: await buffer(body), object_bytes };
    });
  }
}

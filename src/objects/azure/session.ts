import type { BlobBatchClient, ContainerClient } from '@azure/storage-blob';
import type { AzureLocation } from '../location.ts';
import { ObjectStoreError } from '../object-store-error.ts';
import type { ObjectStoreOptions } from '../options.ts';
import { Requests } from '../requests.ts';
import { containerUrl } from './endpoint.ts';
import { failureOfAzure } from './failure.ts';

export interface OpenedAzure {
  readonly container: ContainerClient;
  readonly batches: BlobBatchClient;
}

/** How a container is spoken to: its client, opened when it is first used, and the requests that are made with it. */
export class AzureSession {
  readonly requests: Requests;
  readonly #url: string;
  readonly #location: AzureLocation;
  #opened: Promise<OpenedAzure> | undefined;

  /** Throws an ObjectStoreError when the endpoint is no address, or the account's key can't be one. */
  constructor(location: AzureLocation, options: ObjectStoreOptions) {
    this.#url = containerUrl(location);
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(location.account_key)) {
      throw new ObjectStoreError('misconfigured', 'the key of its account is not base64');
    }
    this.#location = location;
    this.requests = new Requests(options, [location.account_key], failureOfAzure);
  }

  /** Opened before a request and not within it, whose time is not for loading a library. */
  open(): Promise<OpenedAzure> {
    this.#opened ??= this.#load().catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  /** Its connections end by themselves when nobody uses them. */
  close(): void {
    this.#opened = undefined;
  }

  async #load(): Promise<OpenedAzure> {
    const { ContainerClient: Client, StorageSharedKeyCredential: SharedKey } = await import('@azure/storage-blob');
    const credential = new SharedKey(this.#location.account, this.#location.account_key);
    const container = new Client(this.#url, credential, { retryOptions: { maxTries: 1 } });
    return { container, batches: container.getBlobBatchClient() };
  }
}

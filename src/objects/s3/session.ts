import type { S3Client } from '@aws-sdk/client-s3';
import { endpointUrl } from '../endpoint.ts';
import type { S3Location } from '../location.ts';
import type { ObjectStoreOptions } from '../options.ts';
import { Requests } from '../requests.ts';
import { createS3Client, loadS3, type S3Library } from './client.ts';
import { failureOfS3 } from './failure.ts';

export interface OpenedS3 {
  readonly s3: S3Library;
  readonly client: S3Client;
}

/** How a bucket is spoken to: its client, opened when it is first used, and the requests that are made with it. */
export class S3Session {
  readonly requests: Requests;
  /** For what is to be done even when everything else is given up. */
  readonly last_requests: Requests;
  readonly #location: S3Location;
  #opened: Promise<OpenedS3> | undefined;

  /** Throws an ObjectStoreError when the endpoint is no address. */
  constructor(location: S3Location, options: ObjectStoreOptions) {
    endpointUrl(location.endpoint, options.settings.s3_client_http_scheme);
    this.#location = location;
    const { credentials } = location;
    const secrets = credentials.kind === 'keys' ? [credentials.ak, credentials.sk] : [];
    this.requests = new Requests(options, secrets, failureOfS3);
    this.last_requests = new Requests(hurried(options), secrets, failureOfS3);
  }

  /** Opened before a request and not within it, whose time is not for loading a library. */
  open(): Promise<OpenedS3> {
    this.#opened ??= this.#load().catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  close(): void {
    // Whether it could be opened at all, somebody else was told.
    this.#opened?.then(({ client }) => client.destroy()).catch(() => undefined);
    this.#opened = undefined;
  }

  async #load(): Promise<OpenedS3> {
    const s3 = await loadS3();
    return { s3, client: await createS3Client(s3, this.#location, this.requests.options.settings) };
  }
}

const LAST_REQUEST_MS = 5_000;

/** Whoever has to end can't be told to wait for long. */
function hurried({ name, settings, limiters }: ObjectStoreOptions): ObjectStoreOptions {
  const object_request_timeout_ms = Math.min(settings.object_request_timeout_ms, LAST_REQUEST_MS);
  return { name, limiters, settings: { ...settings, max_s3_client_retry: 0, object_request_timeout_ms } };
}

import type { ObjectLocation } from './location.ts';
import type { ObjectStore } from './object-store.ts';
import type { RateLimiters } from './rate-limiters.ts';

/** The settings that places for objects look at. */
export interface ObjectSettings {
  /** What an endpoint without a scheme is called by. */
  readonly s3_client_http_scheme: string;
  /** How often a request is made again after a fault that may pass. */
  readonly max_s3_client_retry: number;
  /** How long one request may take, its answer included. */
  readonly object_request_timeout_ms: number;
  /** Where name nodes listen for HTTP whose address nothing else gives. */
  readonly webhdfs_port: number;
}

export interface ObjectStoreOptions {
  /** What logs, errors and reports call the place: `vault 1 (s3://bucket/prefix)`. */
  readonly name: string;
  readonly settings: ObjectSettings;
  /** One for all places of the process. */
  readonly limiters: RateLimiters;
  /** Aborted when whoever uses the place has to end: requests are given up and reject with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a place for objects, without asking it anything yet.
 *
 * @throws {ObjectStoreError} when nothing can be there: an address that is none, a login that is not supported.
 */
export type OpenObjectStore = (location: ObjectLocation, options: ObjectStoreOptions) => ObjectStore;

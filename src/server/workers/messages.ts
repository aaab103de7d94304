import type { Settings } from '../../config/settings.ts';
import type { Snapshot } from '../metrics/snapshot.ts';

/** What a worker needs to know, once, at its start. It goes by message, since arguments and environments can be seen by others. */
export interface Start {
  readonly kind: 'start';
  readonly settings: Settings;
  readonly version: string;
  /** Under which the workers share their store. */
  readonly store_group: string;
  /** The number of this worker, from 1. */
  readonly worker: number;
}

/** What the supervisor says to a worker. With `connection` comes a socket. */
export type ToWorker =
  | Start
  | { readonly kind: 'connection' }
  /** The service is reached at this port. It comes once, after the worker has said that it is ready. */
  | { readonly kind: 'serving'; readonly port: number }
  | { readonly kind: 'stop' }
  /** Asks whether it is there. It answers with `alive`. */
  | { readonly kind: 'ping' }
  /** The answer to what it has borrowed under this name. */
  | { readonly kind: 'lent'; readonly name: string; readonly tokens: number }
  /** Asks for its figures. It answers with `collected`. */
  | { readonly kind: 'collect' }
  /** The figures of all, for which it has asked; undefined where they can't be had. */
  | { readonly kind: 'gathered'; readonly snapshot: Snapshot | undefined };

/** What a worker says to its supervisor. */
export type FromWorker =
  | { readonly kind: 'ready' }
  /** It is there, with so many connections that it got and has not said to have ended. */
  | { readonly kind: 'alive'; readonly connections: number }
  /** It can't serve, for a reason that the operator should read. It ends after that. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It is about to end, and takes no more connections. */
  | { readonly kind: 'leaving' }
  /** So many connections have ended since it said so last. */
  | { readonly kind: 'ended'; readonly connections: number }
  /** It wants tokens of a rate limit. It waits for the answer before it asks again under the same name. */
  | { readonly kind: 'borrow'; readonly name: string; readonly per_second: number; readonly wanted: number }
  /** Its own figures. */
  | { readonly kind: 'collected'; readonly snapshot: Snapshot }
  /** It wants the figures of all. */
  | { readonly kind: 'gather' };

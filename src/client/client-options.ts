import { type Endpoint, readEndpoint } from './endpoints.ts';
import type { TransportLimits, TransportOptions } from './transport.ts';

/** Whether an answer with another code than OK is thrown as a ServiceError, or returned as it is. */
export type Refusals = 'throw' | 'return';

/** What may be said of each call, and of all of them. */
export interface CallOptions {
  /** How long a call may take with all of its attempts, in milliseconds. */
  readonly timeout_ms?: number;
  readonly signal?: AbortSignal;
  readonly refusals?: Refusals;
  /** Whether to try again what can be tried again without harm. */
  readonly retry?: boolean;
}

/** What may be said of a call of the admin API. */
export interface AdminOptions extends Omit<CallOptions, 'refusals'> {
  /** Whose API it is. The recycler's has answers of its own: a line of text, or a JSON that is the whole result. */
  readonly service?: 'MetaService' | 'RecyclerService';
  /** What stands in the URL beside the token. */
  readonly query?: Readonly<Record<string, string | number | bigint>>;
}

export interface ClientOptions extends Partial<TransportLimits> {
  /** `http://host:port`, `https://host:port` or `host:port`, of one service or of several that serve the same store. */
  readonly endpoints: string | readonly string[];
  /** The certificates, in PEM, of who is trusted to vouch for the endpoints with `https`; without it, those that Node.js trusts. */
  readonly tls_ca?: string | Buffer;
  /** How methods are called. The admin API is always HTTP. */
  readonly transport?: 'http' | 'grpc';
  /** What the admin API asks for. */
  readonly token?: string;
  readonly timeout_ms?: number;
  readonly refusals?: Refusals;
  readonly retry?: boolean;
}

/** Options with nothing left open. */
export interface ClientSettings extends TransportOptions {
  readonly endpoints: readonly Endpoint[];
  readonly transport: 'http' | 'grpc';
  readonly token: string;
  readonly timeout_ms: number;
  readonly refusals: Refusals;
  readonly retry: boolean;
}

/** A delay beyond this is none to a timer of Node.js. */
const LONGEST_MS = 2 ** 31 - 1;

/** Throws a TypeError for options that can't be. */
export function settingsOf(options: ClientOptions): ClientSettings {
  const given = typeof options.endpoints === 'string' ? [options.endpoints] : options.endpoints;
  if (given.length === 0) throw new TypeError('a client needs at least one endpoint');
  return {
    endpoints: given.map(readEndpoint),
    tls_ca: options.tls_ca,
    transport: oneOf('transport', ['http', 'grpc'], options.transport ?? 'http'),
    token: options.token ?? '',
    timeout_ms: timeoutMs('timeout_ms', options.timeout_ms ?? 30_000),
    connect_timeout_ms: timeoutMs('connect_timeout_ms', options.connect_timeout_ms ?? 3_000),
    max_message_bytes: atLeastOne('max_message_bytes', options.max_message_bytes ?? 1024 ** 3),
    max_connections: atLeastOne('max_connections', options.max_connections ?? 128),
    refusals: oneOf('refusals', ['throw', 'return'], options.refusals ?? 'throw'),
    retry: options.retry ?? true,
  };
}

/** A time as it may be given. Throws a TypeError for one that no timer can wait. */
export function timeoutMs(name: string, value: number): number {
  if (value > LONGEST_MS) throw new TypeError(`${name} is at most ${LONGEST_MS} milliseconds`);
  return atLeastOne(name, value);
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`${name} is a whole number of at least 1`);
  return value;
}

function oneOf<Word extends string>(name: string, words: readonly Word[], value: Word): Word {
  if (!words.includes(value)) throw new TypeError(`${name} is one of ${words.join(', ')}`);
  return value;
}

import type { IncomingHttpHeaders } from 'node:http';

/** One HTTP request that has arrived whole, whichever way it was sent. */
export interface HttpCall {
  /** In capitals, as sent. */
  readonly method: string;
  /** As sent, percent-encoding included, without scheme, host and query: `/MetaService/http/get_instance`. */
  readonly path: string;
  /** What follows the first `?`, as sent; empty when nothing does. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Empty when the request has no body. */
  readonly body: Buffer;
  /** The peer's `address:port`, for logs. */
  readonly remote: string;
  /** The `address:port` at which it arrived. */
  readonly local: string;
  /** Aborted when the connection breaks before the answer. A peer that only ends its own side may still wait for it. */
  readonly signal: AbortSignal;
}

/** What to send back. `content-length` and `connection` are the listener's business. */
export interface HttpAnswer {
  readonly status: number;
  /** Without it the answer carries no content type. */
  readonly contentType?: string | undefined;
  /** A large one may come in several pieces. */
  readonly body: string | Buffer | readonly Buffer[];
  readonly headers?: Readonly<Record<string, string>>;
  /** To be called when the answer has gone out, or never will. */
  readonly sent?: (() => void) | undefined;
}

/** Answers a call. What it throws is logged and answered with 500, without the exception's text. */
export type HttpHandler = (call: HttpCall) => HttpAnswer | Promise<HttpAnswer>;

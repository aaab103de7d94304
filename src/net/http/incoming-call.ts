import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { HttpCall } from '../../admin/http-types.ts';
import { endpoint } from '../endpoint.ts';
import type { BodyReader } from './body-reader.ts';

const NO_BODY = Buffer.alloc(0);
const SCHEME_AND_HOST = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/** A call as it came in by HTTP/1. What few handlers ask for is only worked out when they do. */
export class IncomingCall implements HttpCall {
  readonly path: string;
  readonly query: string;
  body: Buffer = NO_BODY;
  /** What collects the body, as long as it has not come whole. */
  reader: BodyReader | undefined;
  #abort: AbortController | undefined;
  #gone = false;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    const target = withoutHost(request.url ?? '/');
    const mark = target.indexOf('?');
    this.path = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? '' : target.slice(mark + 1);
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  get remote(): string {
    const { remoteAddress, remotePort } = this.request.socket;
    return endpoint(remoteAddress, remotePort);
  }

  get local(): string {
    const { localAddress, localPort } = this.request.socket;
    return endpoint(localAddress, localPort);
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#gone) this.#abort.abort();
    return this.#abort.signal;
  }

  /** To be called when the connection breaks before the answer. */
  abandon(): void {
    this.#gone = true;
    this.#abort?.abort();
  }
}

/** Requests through a proxy name the whole address: `http://host:5000/path?query`. */
function withoutHost(target: string): string {
  if (target.startsWith('/') || target === '*') return target;
  const rest = target.replace(SCHEME_AND_HOST, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

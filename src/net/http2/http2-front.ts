import type { Socket } from 'node:net';
import type { Logger } from '../../observe/logger.ts';
import type { ByteBudget } from '../byte-budget.ts';
import { closedLog } from '../closed-log.ts';
import { CLOSE_IDLE_AFTER_MS, type Front } from '../front.ts';
import type { Exchange } from './exchange.ts';
import { Http2Connection, type Http2ConnectionOptions, type RequestHead } from './http2-connection.ts';
import { sessionOptions } from './session-options.ts';

export interface Http2FrontOptions {
  readonly logger: Logger;
  /** What requests and answers in memory are counted against. */
  readonly buffered: ByteBudget;
  readonly max_header_bytes: number;
  readonly headers_timeout_ms: number;
  readonly request_timeout_ms: number;
  readonly send_timeout_ms: number;
  /** 0 for none. */
  readonly idle_timeout_ms: number;
  /** Answers a request. */
  readonly onRequest: (exchange: Exchange, head: RequestHead) => void;
}

/** How often connections are looked at for what takes too long. */
const LONGEST_CHECK_MS = 1000;
/** HTTP/2 on connections that somebody else has accepted, whatever its requests carry. */
export class Http2Front implements Front {
  readonly #options: Http2ConnectionOptions;
  readonly #connections = new Set<Http2Connection>();
  readonly #timer: NodeJS.Timeout;
  #draining = false;

  constructor(options: Http2FrontOptions) {
    const { buffered, max_header_bytes, request_timeout_ms, send_timeout_ms } = options;
    this.#options = {
      session: sessionOptions({ max_header_bytes, max_buffered_bytes: buffered.bytes }),
      exchange: { buffered, request_timeout_ms, send_timeout_ms },
      idle_timeout_ms: options.idle_timeout_ms,
      headers_timeout_ms: options.headers_timeout_ms,
      onRequest: options.onRequest,
      onMisuse: closedLog(options.logger, 'a connection of HTTP/2 was closed because of its peer'),
    };
    const shortest_ms = Math.min(request_timeout_ms, send_timeout_ms, options.headers_timeout_ms);
    this.#timer = setInterval(() => this.#checkTime(), Math.min(LONGEST_CHECK_MS, Math.ceil(shortest_ms / 2)));
    this.#timer.unref();
  }

  accept(socket: Socket): void {
    if (socket.destroyed) return;
    const connection = new Http2Connection(socket, this.#options);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    // It begins with a call, which is answered.
    if (this.#draining) closeSoon([connection]);
  }

  /** Tells every peer to call elsewhere. Requests that it had sent before it knew are still answered. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#connections) connection.announceClose();
    closeSoon([...this.#connections]);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #checkTime(): void {
    const now_ms = performance.now();
    for (const connection of this.#connections) connection.checkTime(now_ms);
  }
}

function closeSoon(connections: readonly Http2Connection[]): void {
  setTimeout(() => {
    for (const connection of connections) connection.close();
  }, CLOSE_IDLE_AFTER_MS);
}

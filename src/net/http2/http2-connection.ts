import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants, performServerHandshake } from 'node:http2';
import type { Socket } from 'node:net';
import { endpoint } from '../endpoint.ts';
import { Exchange, type ExchangeLimits } from './exchange.ts';
import { CONNECTION_WINDOW_BYTES, type SessionOptions } from './session-options.ts';

/** What a request came with, and by which connection. */
export interface RequestHead {
  readonly headers: IncomingHttpHeaders;
  /** The `address:port` of the peer, and the one at which it arrived. */
  readonly remote: string;
  readonly local: string;
  /** Whether the peer has been told to call elsewhere. */
  readonly isDraining: boolean;
}

export interface Http2ConnectionOptions {
  readonly session: SessionOptions;
  readonly exchange: ExchangeLimits;
  /** 0 for none. */
  readonly idle_timeout_ms: number;
  readonly headers_timeout_ms: number;
  onRequest(exchange: Exchange, head: RequestHead): void;
  /** The connection is closed because of what its peer did. */
  onMisuse(why: string, remote: string): void;
}

/** A peer that is there answers a ping by then. */
const PING_TIMEOUT_MS = 20_000;
/** How often a peer that waits for answers is asked whether it is still there. */
const PING_INTERVAL_MS = 30_000;
/** How long a peer may take to close its side once all is said. */
const LINGER_MS = 5_000;
/** Streams that may end by a reset, and settings that may come, within one period. node:http2 itself ends a connection at 1000. */
const MOST_RESETS = 800;
const MOST_SETTINGS = 100;
const PERIOD_MS = 10_000;

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = constants;
/** As the last stream of a GOAWAY: those on their way will still be answered. */
const LARGEST_STREAM = 2 ** 31 - 1;

/** One connection of HTTP/2, from its preface to its end. */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #options: Http2ConnectionOptions;
  readonly #remote: string;
  readonly #local: string;
  readonly #exchanges = new Set<Exchange>();
  #greeted = false;
  #isDraining = false;
  #idleSince_ms = performance.now();
  #pinged_ms = 0;
  #pingPending = false;
  #closing_ms: number | undefined;
  #written = { bytes: 0, at_ms: performance.now() };
  #period = { began_ms: 0, resets: 0, settings: 0 };

  constructor(socket: Socket, options: Http2ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#remote = endpoint(socket.remoteAddress, socket.remotePort);
    this.#local = endpoint(socket.localAddress, socket.localPort);
    socket.on('error', ignore);
    this.#session = performServerHandshake(socket, options.session);
    this.#session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    this.#session.on('stream', this.#onStream);
    this.#session.on('remoteSettings', () => this.#onSettings());
    this.#session.on('error', (error: NodeJS.ErrnoException) => {
      // What the network did is no misuse.
      if (error.code?.startsWith('ERR_HTTP2')) options.onMisuse(error.message, this.#remote);
    });
    // The peer may have closed its side only, and still wait for answers.
    socket.on('end', () => this.close());
  }

  /** Says that no more requests are taken, while those on their way are. `close` is to follow after a moment. */
  announceClose(): void {
    if (!this.#session.closed) this.#session.goaway(NGHTTP2_NO_ERROR, LARGEST_STREAM);
    this.#isDraining = true;
    for (const exchange of this.#exchanges) exchange.drain();
  }

  /** Takes no further requests, and ends when those that are here are answered. */
  close(): void {
    if (!this.#session.closed) this.#session.close();
  }

  /** To be called now and then: ends what makes no progress, and a connection that nobody needs or answers on. */
  checkTime(now_ms: number): void {
    this.#noteProgress(now_ms);
    let stuck = false;
    for (const exchange of this.#exchanges) stuck = exchange.checkTime(now_ms) || stuck;
    const { send_timeout_ms } = this.#options.exchange;
    if (stuck && now_ms - this.#written.at_ms > send_timeout_ms) this.#socket.destroy();
    else if (this.#session.closed) this.#checkClosing(now_ms);
    else if (this.#exchanges.size === 0) this.#checkIdle(now_ms);
    else this.#checkAlive(now_ms);
  }

  #noteProgress(now_ms: number): void {
    const { bytesWritten } = this.#socket;
    if (bytesWritten !== this.#written.bytes) this.#written = { bytes: bytesWritten, at_ms: now_ms };
  }

  #checkClosing(now_ms: number): void {
    if (this.#exchanges.size > 0) return;
    this.#closing_ms ??= now_ms;
    if (now_ms - this.#closing_ms > LINGER_MS) this.#socket.destroy();
  }

  #checkIdle(now_ms: number): void {
    const { headers_timeout_ms, idle_timeout_ms } = this.#options;
    const idle_ms = now_ms - this.#idleSince_ms;
    if (!this.#greeted && idle_ms > headers_timeout_ms) this.#socket.destroy();
    else if (idle_timeout_ms > 0 && idle_ms > idle_timeout_ms) this.close();
  }

  #checkAlive(now_ms: number): void {
    const since_ms = now_ms - this.#pinged_ms;
    if (this.#pingPending) {
      if (since_ms > PING_TIMEOUT_MS) this.#socket.destroy();
    } else if (since_ms > PING_INTERVAL_MS) {
      this.#pinged_ms = now_ms;
      this.#pingPending = this.#session.ping(() => {
        this.#pingPending = false;
      });
    }
  }

  readonly #onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    const exchange = new Exchange(stream, this.#options.exchange, this);
    this.#exchanges.add(exchange);
    const head = { headers, remote: this.#remote, local: this.#local, isDraining: this.#isDraining };
    this.#options.onRequest(exchange, head);
  };

  /** An exchange has ended, with this code. */
  closed(exchange: Exchange, code: number): void {
    this.#exchanges.delete(exchange);
    if (this.#exchanges.size === 0) this.#idleSince_ms = performance.now();
    if (code !== NGHTTP2_NO_ERROR && ++this.#currentPeriod().resets > MOST_RESETS) {
      this.#endForMisuse(`more than ${MOST_RESETS} calls were reset within ${PERIOD_MS} ms`);
    }
  }

  #onSettings(): void {
    this.#greeted = true;
    if (++this.#currentPeriod().settings > MOST_SETTINGS) {
      this.#endForMisuse(`settings were sent more than ${MOST_SETTINGS} times within ${PERIOD_MS} ms`);
    }
  }

  #currentPeriod(): { resets: number; settings: number } {
    const now_ms = performance.now();
    if (now_ms - this.#period.began_ms > PERIOD_MS) this.#period = { began_ms: now_ms, resets: 0, settings: 0 };
    return this.#period;
  }

  #endForMisuse(why: string): void {
    if (this.#session.destroyed) return;
    this.#options.onMisuse(why, this.#remote);
    this.#session.destroy(undefined, NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

function ignore(): void {}

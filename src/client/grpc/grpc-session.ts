import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Endpoint } from '../endpoints.ts';
import { Failure, textOf } from '../failure.ts';
import type { TransportOptions } from '../transport.ts';

/** How much of an answer may be on the way unread: of one call, and of all of them. */
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
const SESSION_WINDOW_BYTES = 32 * 1024 * 1024;

/** Node.js refuses streams when a session holds more than this, in megabytes. Our own limits are for single messages. */
const SESSION_MEMORY_MB = 4_096;

/** One HTTP/2 connection, until it breaks, or either side wants no more calls on it. */
export class GrpcSession {
  readonly #session: ClientHttp2Session;
  readonly #connected: Promise<void>;
  #streams = 0;
  #received_at = performance.now();

  constructor({ text, tls }: Endpoint, { connect_timeout_ms, tls_ca }: TransportOptions) {
    this.#session = connect(`${tls ? 'https' : 'http'}://${text}`, {
      ca: tls_ca,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      maxSessionMemory: SESSION_MEMORY_MB,
    });
    this.#connected = this.#connect(connect_timeout_ms);
    // Whoever opens a stream gets the error too.
    this.#connected.catch(() => undefined);
  }

  /** Whether further calls may begin on it. Node.js closes a session itself when the service sends GOAWAY. */
  get isUsable(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** When something was last received, by `performance.now()`. */
  get received_at(): number {
    return this.#received_at;
  }

  /** Resolves when it is connected, or was. @throws {Failure} when it can't be. */
  connected(): Promise<void> {
    return this.#connected;
  }

  /** Opens a stream on a session that is usable. A process may end while it has none. */
  open(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#session.request(headers);
    if (this.#streams++ === 0) this.#session.ref();
    const hear = () => {
      this.#received_at = performance.now();
    };
    stream.on('response', hear);
    stream.on('data', hear);
    stream.once('close', () => {
      if (--this.#streams === 0) this.#session.unref();
    });
    return stream;
  }

  /** Lets calls come to their end, and begins no more. */
  retire(): void {
    this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  #connect(timeout_ms: number): Promise<void> {
    const session = this.#session;
    return new Promise((resolve, reject) => {
      const fail = (kind: 'unavailable' | 'protocol', text: string) => {
        reject(new Failure(kind, text, { maybe_executed: false }));
        this.destroy();
      };
      const timer = setTimeout(() => fail('unavailable', `no connection in ${timeout_ms} ms`), timeout_ms);
      session.once('connect', () => {
        // Told even of a connection that was given up meanwhile.
        if (!session.destroyed) session.setLocalWindowSize(SESSION_WINDOW_BYTES);
      });
      // Only the settings show that there is HTTP/2 on the other side, and how many streams it takes.
      session.once('remoteSettings', () => {
        clearTimeout(timer);
        if (this.#streams === 0) session.unref();
        resolve();
      });
      session.on('error', (error) => {
        clearTimeout(timer);
        fail(textOf(error).startsWith('ERR_HTTP2') ? 'protocol' : 'unavailable', textOf(error));
      });
      session.once('close', () => {
        clearTimeout(timer);
        fail('unavailable', 'the connection ended before it was used');
      });
    });
  }
}

import { Agent, type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import { request as startTlsRequest, Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Endpoint } from './endpoints.ts';
import { Failure, failureOfStatus, textOf } from './failure.ts';
import { impatient, type Patience } from './patience.ts';
import type { Transport, TransportOptions, WireMethod } from './transport.ts';

const BINARY = 'application/proto';

/** A connection that was not used for so long is closed, since it may not be there any longer on the other side. */
const IDLE_MS = 30_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** With the query. */
  readonly path: string;
  readonly content_type?: string;
  /** The content type that is wanted. */
  readonly accept?: string;
  readonly body?: Uint8Array | string;
}

export interface HttpReply {
  readonly status: number;
  readonly content_type: string;
  readonly body: Buffer;
}

/** HTTP/1 to one endpoint, on connections that are kept: methods as `POST /MetaService/<method>`, and whatever else there is. */
export class HttpTransport implements Transport {
  readonly #endpoint: Endpoint;
  readonly #options: TransportOptions;
  readonly #agent: Agent;
  /** The connections that are made, with TLS where that is spoken. */
  readonly #made = new WeakSet<Socket>();

  constructor(endpoint: Endpoint, options: TransportOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    const kept = {
      keepAlive: true,
      maxSockets: options.max_connections,
      maxFreeSockets: options.max_connections,
      scheduling: 'lifo',
      timeout: IDLE_MS,
    } as const;
    this.#agent = endpoint.tls ? new TlsAgent({ ...kept, ca: options.tls_ca }) : new Agent(kept);
  }

  async call({ service, name }: WireMethod, request: Uint8Array, patience: Patience): Promise<Uint8Array> {
    const path = `/${service}/${name}`;
    const reply = await this.exchange({ method: 'POST', path, content_type: BINARY, body: request }, patience);
    if (reply.status !== 200) throw failureOfStatus(reply.status, reply.body.toString('utf8'));
    if (reply.content_type.startsWith(BINARY)) return reply.body;
    throw new Failure('protocol', `answered with ${reply.content_type || 'no content type'}`, { maybe_executed: true });
  }

  /**
   * Sends a request once, and resolves with what was answered, whatever its status.
   *
   * @throws {Failure} when there is no answer.
   */
  exchange({ method, path, content_type, accept, body = '' }: HttpRequest, patience: Patience): Promise<HttpReply> {
    const headers: Record<string, string | number> = { 'content-length': Buffer.byteLength(body) };
    if (content_type !== undefined) headers['content-type'] = content_type;
    if (accept !== undefined) headers.accept = accept;
    return new Promise((resolve, reject) => {
      const { host, port, tls } = this.#endpoint;
      const start = tls ? startTlsRequest : startRequest;
      const request = start({ host, port, method, path, headers, agent: this.#agent });
      let sent = false;
      let off: () => void = () => undefined;
      const fail = (failure: Failure) => {
        off();
        reject(failure);
        request.destroy();
      };
      const lost = (error: Error) => fail(new Failure('unavailable', textOf(error), { maybe_executed: sent }));
      this.#onConnected(request, (error) => {
        if (error) lost(error);
        else sent = true;
      });
      request.on('error', lost);
      request.on('response', (response) => {
        this.#read(response, lost, fail, (whole) => {
          off();
          resolve({
            status: response.statusCode ?? 0,
            content_type: response.headers['content-type'] ?? '',
            body: whole,
          });
        });
      });
      request.end(body);
      off = patience.onEnd((why) => fail(impatient(why, sent)));
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #read(
    response: IncomingMessage,
    lost: (error: Error) => void,
    fail: (failure: Failure) => void,
    done: (body: Buffer) => void,
  ): void {
    const { max_message_bytes } = this.#options;
    const parts: Buffer[] = [];
    let length = 0;
    response.on('data', (part: Buffer) => {
      length += part.length;
      if (length > max_message_bytes) {
        const message = `the answer is larger than max_message_bytes, ${max_message_bytes}`;
        fail(new Failure('protocol', message, { maybe_executed: true }));
      } else parts.push(part);
    });
    response.on('error', lost);
    response.on('end', () => {
      const [first = Buffer.alloc(0)] = parts;
      done(parts.length <= 1 ? first : Buffer.concat(parts, length));
    });
  }

  /** Tells when the request has a connection, from when on it may have been received, or that it gets none in time. */
  #onConnected(request: ClientRequest, tell: (error?: Error) => void): void {
    const { connect_timeout_ms } = this.#options;
    request.once('socket', (socket: Socket) => {
      if (this.#made.has(socket)) {
        tell();
        return;
      }
      const late = () => tell(new Error(`no connection in ${connect_timeout_ms} ms`));
      const timer = setTimeout(late, connect_timeout_ms);
      const settled = () => clearTimeout(timer);
      socket.once(this.#endpoint.tls ? 'secureConnect' : 'connect', () => {
        settled();
        this.#made.add(socket);
        tell();
      });
      socket.once('close', settled);
    });
  }
}

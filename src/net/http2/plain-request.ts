import type { IncomingHttpHeaders } from 'node:http2';
import type { HttpAnswer, HttpCall, HttpHandler } from '../../admin/http-types.ts';
import type { Logger } from '../../observe/logger.ts';
import { maskUrl } from '../../observe/mask.ts';
import { loggedOrigin, originOf } from '../../rpc/call-origin.ts';
import type { ByteBudget } from '../byte-budget.ts';
import { Chunks } from '../chunks.ts';
import { logDefect } from '../defect.ts';
import { bodyTooLarge, NO_ROOM, TOO_MANY_IN_FLIGHT, TOO_SLOW, unexpectedError } from '../http/answer.ts';
import type { InFlight } from '../in-flight.ts';
import type { Exchange, Receiver } from './exchange.ts';
import type { RequestHead } from './http2-connection.ts';

export interface PlainOptions {
  readonly handler: HttpHandler;
  readonly logger: Logger;
  readonly in_flight: InFlight;
  readonly buffered: ByteBudget;
  readonly max_body_bytes: number;
}

/** A request that is no call by gRPC: it gets what it would get by HTTP/1. */
export class PlainRequest implements Receiver, HttpCall {
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly remote: string;
  readonly local: string;
  body: Buffer = Buffer.alloc(0);
  readonly #exchange: Exchange;
  readonly #options: PlainOptions;
  readonly #abort = new AbortController();
  #chunks = new Chunks();
  #held = 0;
  #isRunning = false;

  constructor(exchange: Exchange, { headers, remote, local }: RequestHead, options: PlainOptions) {
    const target = headers[':path'] ?? '/';
    const mark = target.indexOf('?');
    this.path = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? '' : target.slice(mark + 1);
    this.headers = headers;
    this.remote = remote;
    this.local = local;
    this.#exchange = exchange;
    this.#options = options;
  }

  get method(): string {
    return this.headers[':method'] ?? 'GET';
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Begins to read the request. */
  start(): void {
    this.#exchange.receive(this);
    const { max_body_bytes } = this.#options;
    if (Number(this.headers['content-length'] ?? 0) > max_body_bytes) this.#answer(bodyTooLarge(max_body_bytes));
  }

  onData(chunk: Buffer): void {
    const { buffered, max_body_bytes } = this.#options;
    if (this.#held + chunk.length > max_body_bytes) this.#answer(bodyTooLarge(max_body_bytes));
    else if (!buffered.take(chunk.length, this.#held)) this.#answer(NO_ROOM);
    else {
      this.#held += chunk.length;
      this.#chunks.add(chunk);
    }
  }

  onEnd(): void {
    this.body = this.#chunks.join();
    void this.#run();
  }

  onLate(): void {
    this.#answer(TOO_SLOW);
  }

  onClose(): void {
    this.#abort.abort();
    if (!this.#isRunning) this.#free();
  }

  /** A request that has begun is answered, however soon the service stops. */
  onDrain(): void {}

  async #run(): Promise<void> {
    const { handler, in_flight } = this.#options;
    if (!in_flight.enter()) {
      this.#answer(TOO_MANY_IN_FLIGHT);
      return;
    }
    this.#isRunning = true;
    try {
      this.#answer(await handler(this));
    } catch (error) {
      this.#answer(this.#unexpected(error));
    } finally {
      in_flight.leave();
      this.#isRunning = false;
      this.#free();
    }
  }

  #answer({ status, contentType, body, headers, sent }: HttpAnswer): void {
    if (sent !== undefined) this.#exchange.whenClosed(sent);
    if (this.#exchange.isAnswered) return;
    const parts = partsOf(body);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (!this.#exchange.reserve(length)) {
      this.#answer(NO_ROOM);
      return;
    }
    const type = contentType === undefined ? {} : { 'content-type': contentType };
    this.#exchange.answerAtOnce({ ':status': status, 'content-length': length, ...type, ...headers }, parts);
  }

  #unexpected(error: unknown): HttpAnswer {
    const { method, remote } = this;
    const url = maskUrl(this.headers[':path'] ?? '');
    return unexpectedError(
      logDefect(this.#options.logger, error, { method, url, remote, ...loggedOrigin(originOf(this.headers)) }),
    );
  }

  #free(): void {
    this.#options.buffered.giveBack(this.#held);
    this.#held = 0;
    this.#chunks = new Chunks();
  }
}

function partsOf(body: HttpAnswer['body']): readonly Buffer[] {
  if (typeof body === 'string') return [Buffer.from(body)];
  return Buffer.isBuffer(body) ? [body] : body;
}

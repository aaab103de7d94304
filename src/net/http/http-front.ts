import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpAnswer, HttpHandler } from '../../admin/http-types.ts';
import type { Logger } from '../../observe/logger.ts';
import { maskUrl } from '../../observe/mask.ts';
import { loggedOrigin, originOf } from '../../rpc/call-origin.ts';
import type { ByteBudget } from '../byte-budget.ts';
import { logDefect } from '../defect.ts';
import { atEndOfTurn } from '../end-of-turn.ts';
import { CLOSE_IDLE_AFTER_MS, type Front } from '../front.ts';
import type { InFlight } from '../in-flight.ts';
import { watchSlowReaders } from '../slow-readers.ts';
import {
  bodyTooLarge,
  EXPECTATION_FAILED,
  NO_ROOM,
  sendAnswer,
  TOO_MANY_IN_FLIGHT,
  unexpectedError,
} from './answer.ts';
import { announcesBody, announcesTooMuch, type BodyOutcome, BodyReader } from './body-reader.ts';
import { faultOf, NO_TUNNELS, TOO_MANY_PIPELINED } from './fault.ts';
import { HttpConnection } from './http-connection.ts';
import { IncomingCall } from './incoming-call.ts';

export interface HttpFrontOptions {
  readonly handler: HttpHandler;
  readonly logger: Logger;
  readonly in_flight: InFlight;
  /** What the bodies of calls in flight are counted against. */
  readonly buffered: ByteBudget;
  readonly max_body_bytes: number;
  readonly max_header_bytes: number;
  readonly headers_timeout_ms: number;
  readonly request_timeout_ms: number;
  readonly send_timeout_ms: number;
  /** 0 for none. */
  readonly idle_timeout_ms: number;
}

/** How often connections are looked at for requests that take too long to arrive. */
const TIMEOUT_CHECK_MS = 500;
/** Pipelined calls that may wait on one connection. A client that sends more without reading answers is cut off. */
const MOST_WAITING = 4096;

/** HTTP/1 on connections that somebody else has accepted. */
export class HttpFront implements Front {
  readonly #options: HttpFrontOptions;
  readonly #server: Server;
  readonly #connections = new Map<Socket, HttpConnection>();
  readonly #stopWatching: () => void;
  #draining = false;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize: options.max_header_bytes,
      headersTimeout: options.headers_timeout_ms,
      requestTimeout: options.request_timeout_ms,
      keepAliveTimeout: options.idle_timeout_ms,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      requireHostHeader: false,
    });
    // A client may close its side after its request; node:http would then drop the answer.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on('request', (request, response) => this.#onRequest(request, response));
    this.#server.on('checkContinue', (request, response) => this.#onExpectContinue(request, response));
    this.#server.on('checkExpectation', (request, response) => this.#refuse(request, response, EXPECTATION_FAILED));
    this.#server.on('connect', (_request, socket) => this.#refuseTunnel(socket as Socket));
    this.#server.on('clientError', (error, socket) => this.#onClientError(error, socket as Socket));
    // node:http watches over timeouts from the moment it listens. It never does here, since connections are handed to it.
    this.#server.emit('listening');
    this.#stopWatching = watchSlowReaders(() => this.#connections.keys(), options);
  }

  accept(socket: Socket): void {
    const connection = new HttpConnection(socket);
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#onClose(connection));
    this.#server.emit('connection', socket);
  }

  /**
   * From now on, connections end with their next answer. Those that are idle may have a request on the way, which would be
   * lost: they are closed only when none has come for a moment.
   */
  drain(): void {
    this.#draining = true;
    setTimeout(() => {
      for (const connection of this.#connections.values()) if (connection.isIdle) connection.closeWhenSent();
    }, CLOSE_IDLE_AFTER_MS);
  }

  /** Stops the timers. To be called when the connections have ended. */
  close(): void {
    this.#stopWatching();
    this.#server.close();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connectionOf(request);
    if (connection.closing) return;
    connection.newest = response;
    const call = new IncomingCall(request, response);
    const hasBody = announcesBody(request);
    if (!hasBody && connection.isIdle && !connection.isBehind) {
      this.#run(connection, call);
      return;
    }
    connection.waiting.push(call);
    if (hasBody) this.#readBody(connection, call);
    if (connection.waiting.length === MOST_WAITING) connection.fail(TOO_MANY_PIPELINED);
  }

  #onExpectContinue(request: IncomingMessage, response: ServerResponse): void {
    if (!announcesTooMuch(request, this.#options.max_body_bytes)) response.writeContinue();
    this.#onRequest(request, response);
  }

  #readBody(connection: HttpConnection, call: IncomingCall): void {
    const limits = { max_bytes: this.#options.max_body_bytes, budget: this.#options.buffered };
    call.reader = new BodyReader(call.request, limits, (outcome) => this.#onBody(connection, call, outcome));
    call.reader.start();
  }

  #onBody(connection: HttpConnection, call: IncomingCall, outcome: BodyOutcome): void {
    call.reader = undefined;
    if (outcome instanceof Buffer) {
      call.body = outcome;
      this.#runWaiting(connection);
      return;
    }
    connection.drop(call);
    if (outcome === 'too_large') this.#refuseBody(connection, call, bodyTooLarge(this.#options.max_body_bytes));
    else if (outcome === 'no_room') this.#refuseBody(connection, call, NO_ROOM);
  }

  /** The rest of the body is on its way, and can't be told from a next request: the connection has to end. */
  #refuseBody(connection: HttpConnection, call: IncomingCall, answer: HttpAnswer): void {
    connection.lingerAfterAnswer();
    sendAnswer(call.response, answer, true);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): void {
    const connection = this.#connectionOf(request);
    connection.newest = response;
    this.#refuseBody(connection, new IncomingCall(request, response), answer);
  }

  /** What node:http did for the connection it does no more: a tunnel would be ours to look after. */
  #refuseTunnel(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    socket.on('timeout', () => socket.destroy());
    socket.resume();
    this.#connections.get(socket)?.fail(NO_TUNNELS);
  }

  #runWaiting(connection: HttpConnection): void {
    for (let next = connection.takeNext(); next !== undefined; next = connection.takeNext())
      this.#run(connection, next);
  }

  #run(connection: HttpConnection, call: IncomingCall): void {
    if (!this.#options.in_flight.enter()) {
      this.#answer(connection, call, TOO_MANY_IN_FLIGHT);
      return;
    }
    connection.running = call;
    let answer: HttpAnswer | Promise<HttpAnswer>;
    try {
      answer = this.#options.handler(call);
    } catch (error) {
      answer = this.#unexpected(call, error);
    }
    if (!(answer instanceof Promise)) {
      this.#answerSoon(connection, call, answer);
      return;
    }
    answer.then(
      (later) => this.#answerSoon(connection, call, later),
      (error: unknown) => this.#answerSoon(connection, call, this.#unexpected(call, error)),
    );
  }

  #answerSoon(connection: HttpConnection, call: IncomingCall, answer: HttpAnswer): void {
    atEndOfTurn(() => {
      connection.running = undefined;
      this.#options.in_flight.leave();
      this.#answer(connection, call, answer);
      this.#runWaiting(connection);
    });
  }

  #answer(connection: HttpConnection, call: IncomingCall, answer: HttpAnswer): void {
    this.#options.buffered.giveBack(call.body.length);
    if (answer.sent !== undefined) connection.whenGone(call.response, answer.sent);
    if (connection.socket.destroyed) return;
    const close = this.#draining && connection.waiting.length === 0;
    if (close) connection.lingerAfterAnswer();
    try {
      const bytes = sendAnswer(call.response, answer, close);
      connection.countUntilSent(call.response, bytes, () => this.#runWaiting(connection));
    } catch (error) {
      if (call.response.headersSent) connection.socket.destroy();
      else sendAnswer(call.response, this.#unexpected(call, error), close);
    }
  }

  #unexpected(call: IncomingCall, error: unknown): HttpAnswer {
    const { method, remote } = call;
    const url = maskUrl(call.request.url ?? '');
    return unexpectedError(
      logDefect(this.#options.logger, error, { method, url, remote, ...loggedOrigin(originOf(call.headers)) }),
    );
  }

  #onClientError(error: Error, socket: Socket): void {
    const connection = this.#connections.get(socket);
    const fault = faultOf(error);
    if (connection === undefined || fault === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    if (connection.closing) return;
    const newest = connection.waiting.at(-1);
    // A request that has come whole keeps its answer, whatever came after it.
    if (newest?.reader === undefined || newest.request.complete) {
      connection.fail(fault);
      return;
    }
    newest.reader.stop();
    connection.drop(newest);
    const { status, text } = fault;
    this.#refuseBody(connection, newest, { status, contentType: 'text/plain', body: text });
  }

  #onClose(connection: HttpConnection): void {
    this.#connections.delete(connection.socket);
    connection.running?.abandon();
    for (const call of connection.waiting.splice(0)) this.#options.buffered.giveBack(call.body.length);
  }

  #connectionOf(request: IncomingMessage): HttpConnection {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) throw new Error('a request came on a connection that was never accepted');
    return connection;
  }
}

import type { HttpAnswer, HttpCall, HttpHandler } from '../../src/admin/http-types.ts';
import { ByteBudget } from '../../src/net/byte-budget.ts';
import type { Connections } from '../../src/net/connections.ts';
import { HttpFront, type HttpFrontOptions } from '../../src/net/http/http-front.ts';
import { InFlight } from '../../src/net/in-flight.ts';
import { listenWith } from './listen.ts';
import { loggerTo } from './logger-to.ts';
import { parseAnswers } from './server-socket.ts';

export interface HttpUnderTest {
  readonly port: number;
  readonly front: HttpFront;
  readonly in_flight: InFlight;
  readonly connections: Connections;
  /** The log lines so far. */
  readonly log: string[];
  stop(): Promise<void>;
}

/** Listens on a free port with `handler` alone behind it: no settings, no store. */
export async function startHttp(
  handler: HttpHandler,
  {
    max_connections = 100,
    max_requests_in_flight = 100,
    max_buffered_bytes = 1024 * 1024,
    ...options
  }: Partial<HttpFrontOptions> & {
    max_connections?: number;
    max_requests_in_flight?: number;
    max_buffered_bytes?: number;
  } = {},
): Promise<HttpUnderTest> {
  const log: string[] = [];
  const logger = loggerTo((line) => log.push(line));
  const in_flight = new InFlight(max_requests_in_flight);
  const front = new HttpFront({
    handler,
    logger,
    in_flight,
    buffered: new ByteBudget(max_buffered_bytes),
    max_body_bytes: 1024,
    max_header_bytes: 4096,
    headers_timeout_ms: 60_000,
    request_timeout_ms: 60_000,
    send_timeout_ms: 60_000,
    idle_timeout_ms: 0,
    ...options,
  });
  const { port, connections, stop } = await listenWith(front, { logger, max_connections });
  return { port, front, in_flight, connections, log, stop };
}

/** Answers with what was asked. */
export const echo = ({ method, path, query, body }: HttpCall): HttpAnswer => ({
  status: 200,
  contentType: 'application/json',
  body: JSON.stringify({ method, path, query, body: body.toString('latin1') }),
});

/** As `echo`, but later, so that calls could overtake each other. */
export const slowEcho: HttpHandler = (call) => new Promise((resolve) => setImmediate(() => resolve(echo(call))));

/** What `echo` has answered. */
export function echoed(received: string) {
  return parseAnswers(received).map(({ body }) => JSON.parse(body));
}

/** A promise with its ends in hand. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

import type { HttpHandler } from '../../src/admin/http-types.ts';
import { HttpFront, type HttpFrontOptions } from '../../src/net/http/http-front.ts';
import { Listener } from '../../src/net/listener.ts';
import { createLogger } from '../../src/observe/logger.ts';

export interface HttpUnderTest {
  readonly port: number;
  readonly front: HttpFront;
  readonly listener: Listener;
  /** The log lines so far. */
  readonly log: string[];
  stop(): Promise<void>;
}

/** Listens on a free port with `handler` alone behind it: no settings, no store. */
export async function startHttp(
  handler: HttpHandler,
  options: Partial<HttpFrontOptions> & { max_connections?: number } = {},
): Promise<HttpUnderTest> {
  const log: string[] = [];
  const logger = createLogger({ level: 'debug', sink: { write: (line) => log.push(line), flush: () => undefined } });
  const front = new HttpFront({
    handler,
    logger,
    max_body_bytes: 1024,
    max_buffered_bytes: 1024 * 1024,
    max_header_bytes: 4096,
    max_requests_in_flight: 100,
    headers_timeout_ms: 60_000,
    request_timeout_ms: 60_000,
    send_timeout_ms: 60_000,
    idle_timeout_ms: 0,
    ...options,
  });
  const listener = await Listener.open({
    host: '127.0.0.1',
    port: 0,
    max_connections: options.max_connections ?? 100,
    logger,
    onConnection: (socket) => front.accept(socket),
  });
  const stop = async () => {
    const stopped = listener.stopAccepting();
    listener.destroyConnections();
    await stopped;
    front.close();
  };
  return { port: listener.port, front, listener, log, stop };
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

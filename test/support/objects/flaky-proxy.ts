import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What happens to a request instead of its being passed on: a status, the end of its connection, or nothing, for ever. What is
 * `unanswered` is passed on, and its answer lost.
 */
export type Trouble = number | 'cut' | 'silence' | 'unanswered';

export interface FlakyProxy {
  readonly address: string;
  /** Requests that came. */
  readonly requests: number;
  /** Asked for each request, by how many came before it. */
  trouble: (before: number, request: IncomingMessage) => Trouble | undefined;
  stop(): Promise<void>;
}

/** Stands before an HTTP server at `HOST:PORT`, and passes on what it does not spoil. */
export async function startFlakyProxy(target: string): Promise<FlakyProxy> {
  const [host, port] = target.split(':');
  let requests = 0;
  const server = createServer((request, response) => {
    const trouble = proxy.trouble(requests++, request);
    if (trouble === 'silence') return;
    if (trouble === 'cut') {
      request.socket.destroy();
    } else if (typeof trouble === 'number') {
      request.resume().on('end', () => response.writeHead(trouble).end());
    } else {
      const { method, url, headers } = request;
      const passed = forward({ host, port, method, path: url, headers }, (answer) => {
        if (trouble === 'unanswered') return void answer.resume().on('end', () => request.socket.destroy());
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      passed.on('error', () => response.destroy());
      request.pipe(passed);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FlakyProxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    trouble: () => undefined,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

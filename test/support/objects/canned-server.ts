import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CannedAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface CannedServer {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly seen: SeenRequest[];
  stop(): Promise<void>;
}

/** An HTTP server that gives one answer after the other, whatever it is asked, and the last one for ever. */
export async function startCannedServer(...answers: readonly CannedAnswer[]): Promise<CannedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const { method = '', url = '', headers } = request;
    const { status, body = '', headers: more } = answers[Math.min(seen.length, answers.length - 1)] ?? { status: 500 };
    seen.push({ method, url, headers, body: Buffer.concat(parts).toString('utf8') });
    response.writeHead(status, { 'content-type': 'application/xml', ...more }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

import { Agent, request } from 'node:http';
import type { FuzzRequest } from './fuzz-request.ts';

export interface FuzzAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Far more than any answer takes, so that only a hang is longer. */
const MOST_MS = 20_000;

/** Sends requests over a few connections that stay open. */
export class FuzzClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #url: URL;

  constructor(base: string) {
    this.#url = new URL(base);
  }

  /** Rejects when the connection breaks, and when the answer takes so long that the service must hang. */
  send({ method, target, contentType, body }: FuzzRequest): Promise<FuzzAnswer> {
    const { hostname: host, port } = this.#url;
    const headers = {
      'content-length': body.length,
      ...(contentType !== undefined && { 'content-type': contentType }),
    };
    return new Promise((resolve, reject) => {
      const sent = request({ host, port, method, path: target, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
      });
      sent.setTimeout(MOST_MS, () => sent.destroy(new Error(`no answer in ${MOST_MS} ms`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What a frontend does with a call. */
export type FrontendDoes = (request: IncomingMessage, response: ServerResponse) => void;

/** A frontend as far as the status page goes. */
export class FakeFrontend {
  readonly requests: IncomingMessage[] = [];
  does: FrontendDoes;
  readonly #server: Server;

  private constructor(does: FrontendDoes) {
    this.does = does;
    this.#server = createServer((request, response) => {
      this.requests.push(request);
      this.does(request, response);
    });
  }

  /** Frontends listen on one port, each on an address of its own. Rejects where the port is taken there. */
  static async start(host: string, port: number, does: FrontendDoes): Promise<FakeFrontend> {
    const frontend = new FakeFrontend(does);
    await new Promise<void>((resolve, reject) => {
      frontend.#server.once('error', reject);
      frontend.#server.listen(port, host, resolve);
    });
    return frontend;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Frontends on one port that is free on all the addresses. */
export async function startFrontends(does: Readonly<Record<string, FrontendDoes>>): Promise<FakeFrontend[]> {
  for (;;) {
    const started: FakeFrontend[] = [];
    try {
      for (const [host, each] of Object.entries(does)) {
        started.push(await FakeFrontend.start(host, started[0]?.port ?? 0, each));
      }
      return started;
    } catch (error) {
      await Promise.all(started.map((frontend) => frontend.stop()));
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

/** Answers in the form of a frontend. */
export function answers(code: number, msg: string, data: unknown): FrontendDoes {
  return (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ msg, code, data, count: 0 }));
  };
}

/** What one that is not the master says, in Doris 3.0. */
export const FOLLOWER = answers(403, 'Bad Request', 'this api just use in cloud master fe');

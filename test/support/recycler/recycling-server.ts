import type { Sweep } from '../../../src/recycler/sweep.ts';
import { createServices } from '../../../src/server/services.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../run-server.ts';

export interface RecyclingServerOptions extends Pick<TestServerOptions, 'settings' | 'dir' | 'logger'> {
  readonly live?: readonly Sweep[];
  readonly deleted?: readonly Sweep[];
}

/** An answer of the recycler's API. */
export interface ApiAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

export interface RecyclingServer extends TestServer {
  /** Calls an operation of the recycler's API; `query` has the right token before it, unless it has one. */
  api(operation: string, query?: string, options?: { body?: unknown; accept?: string }): Promise<ApiAnswer>;
  createInstance(instance_id: string): Promise<void>;
}

/** The whole server with sweeps of the test's own. Rounds begin by themselves after a minute, or when somebody asks. */
export async function startRecyclingServer(options: RecyclingServerOptions = {}): Promise<RecyclingServer> {
  const { live = [], deleted = [], ...rest } = options;
  const chains = { live: live.map((sweep) => [sweep]), deleted: deleted.map((sweep) => [sweep]) };
  const server = await startTestServer({
    ...rest,
    createServices: (given) => createServices({ ...given, recycling: { sweeps: chains } }),
  });
  return {
    ...server,
    async api(operation, query = '', { body, accept } = {}) {
      const token = query.includes('token=') ? '' : `token=${server.token}&`;
      const response = await fetch(`${server.base}/RecyclerService/http/${operation}?${token}${query}`, {
        ...(body !== undefined && { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
        ...(accept !== undefined && { headers: { accept } }),
      });
      return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
    },
    async createInstance(instance_id) {
      const body = JSON.stringify({ instance_id });
      const response = await fetch(`${server.base}/MetaService/create_instance`, { method: 'POST', body });
      if (response.status !== 200) throw new Error(await response.text());
    },
  };
}

import { createClient } from '../../../src/client/client.ts';
import { loggerTo } from '../logger-to.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../run-server.ts';

export interface CountedServer extends TestServer {
  /** How often a method ran, whatever it answered. */
  ran(method: string): number;
}

/** A whole service which counts the calls that got as far as their method. */
export async function startCountedServer(options: TestServerOptions = {}): Promise<CountedServer> {
  const counts = new Map<string, number>();
  const count = (line: string) => {
    const { msg, method } = JSON.parse(line);
    if (msg === 'call') counts.set(method, (counts.get(method) ?? 0) + 1);
  };
  const logger = loggerTo(count);
  const server = await startTestServer({ ...options, logger });
  return { ...server, ran: (method) => counts.get(method) ?? 0 };
}

/** The same with one instance. */
export async function startCountedInstance(instance_id: string): Promise<CountedServer> {
  const server = await startCountedServer();
  const client = createClient({ endpoints: server.base, token: server.token });
  await client.admin('create_instance', newInstance(instance_id));
  client.close();
  return server;
}

/** The body that creates an instance by the admin API. */
export function newInstance(instance_id: string) {
  const obj_info = {
    ...{ ak: 'access-of-all', sk: 'secret-of-all', bucket: 'b', prefix: 'p', endpoint: 'e', external_endpoint: 'e' },
    ...{ region: 'r', provider: 'S3' },
  };
  return { instance_id, user_id: 'user', name: 'name', obj_info };
}

import type { EmbeddedStore } from '../../../src/kv/embedded/store.ts';
import type { Store } from '../../../src/kv/store.ts';
import { createServices } from '../../../src/server/services.ts';
import { loggerTo } from '../logger-to.ts';
import type { Random } from '../random.ts';
import { startTestServer, type TestServerOptions } from '../run-server.ts';
import { FuzzClient } from './client.ts';
import { foundations, newWorld, type World } from './world.ts';

/** The whole server in this process, with its store and its log in hand. */
export interface FuzzedServer {
  readonly base: string;
  readonly token: string;
  readonly store: EmbeddedStore;
  readonly client: FuzzClient;
  /** The log lines since the last call. */
  takeLog(): string[];
  stop(): Promise<void>;
}

/** A token that occurs nowhere else, so that it can be found wherever it comes out. */
const TOKEN = 'Token0fTheFuzzer';

export async function startFuzzedServer(
  options: Pick<TestServerOptions, 'settings' | 'dir'> = {},
): Promise<FuzzedServer> {
  let lines: string[] = [];
  const logger = loggerTo((line) => void lines.push(line));
  let store: Store | undefined;
  const server = await startTestServer({
    ...options,
    logger,
    settings: { ...options.settings, http_token: TOKEN },
    createServices: (given) => {
      store = given.store;
      return createServices(given);
    },
  });
  const client = new FuzzClient(server.base);
  return {
    base: server.base,
    token: TOKEN,
    store: store as EmbeddedStore,
    client,
    takeLog() {
      const taken = lines;
      lines = [];
      return taken;
    },
    async stop() {
      client.close();
      await server.stop();
    },
  };
}

/** Creates what the requests of a new generation need. Throws when that fails. */
export async function plantWorld({ client, token }: FuzzedServer, random: Random, generation: string): Promise<World> {
  const world = newWorld(random, generation);
  for (const [path, body] of foundations(world)) {
    const target = `/MetaService/${path}?token=${token}`;
    const request = { method: 'PUT', target, contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) };
    const answer = await client.send(request);
    const text = answer.body.toString();
    if (answer.status !== 200 || !text.includes('"OK"')) throw new Error(`${path} failed: ${answer.status} ${text}`);
    const txnId = /"txn_id":(\d+)/.exec(text)?.[1];
    if (txnId !== undefined) world.txnIds.push(txnId);
  }
  return world;
}

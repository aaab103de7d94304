import { listenAddress } from '../config/kind.ts';
import type { Settings } from '../config/settings.ts';
import { openEmbeddedStore } from '../kv/embedded/store.ts';
import type { Store } from '../kv/store.ts';
import { StoreError } from '../kv/store-error.ts';
import type { Front } from '../net/front.ts';
import { InFlight } from '../net/in-flight.ts';
import { Listener } from '../net/listener.ts';
import type { Logger } from '../observe/logger.ts';
import { createFronts } from './fronts.ts';
import { healthPage, type Phase } from './health.ts';
import { versionPage, withPages } from './pages.ts';
import { createServices } from './services.ts';
import { listenStartError, storeStartError } from './start-error.ts';

export type CreateServices = typeof createServices;

export interface ServerOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly version: string;
  /** Makes what answers calls, besides `/health`. The whole service, unless a test wants less. */
  readonly createServices?: CreateServices;
}

export interface RunningServer {
  /** `HOST:PORT` as it is listened on, with the port that was found when the settings asked for any. */
  readonly address: string;
  /** Drains and stops; resolves when the store is closed. Calling it again waits for the same. */
  stop(): Promise<void>;
}

/**
 * Opens the store, makes the services, and listens, in this order, so that nothing is answered before it can be.
 * Rejects with a StartError that says what to do; whatever had been opened by then is closed again.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, logger } = options;
  const store = await openEmbeddedStore({ dir: settings.data_dir, exclusive: true }).catch((error: unknown) => {
    throw storeStartError(error, settings);
  });
  try {
    return await serve(options, store);
  } catch (error) {
    await store.close().catch((closing: unknown) => logger.error('the store could not be closed', { error: closing }));
    throw error instanceof StoreError ? storeStartError(error, settings) : error;
  }
}

async function serve(
  { settings, logger, version, createServices: create = createServices }: ServerOptions,
  store: Store,
) {
  let phase: Phase = 'starting';
  const in_flight = new InFlight(settings.max_requests_in_flight);
  const services = await create({ store, settings, logger, in_flight });
  const pages = { '/health': healthPage(store, () => phase), '/version': versionPage(version) };
  const handler = withPages(pages, services.handler);
  const front = createFronts({ settings, logger, handler, rpc: services.rpc, in_flight });
  const listener = await Listener.open({
    host: settings.listen.host,
    port: settings.brpc_listen_port,
    max_connections: settings.max_connections,
    logger,
    onConnection: (socket) => front.accept(socket),
  }).catch((error: unknown) => {
    front.close();
    throw listenStartError(error, settings);
  });
  const address = listenAddress.show({ host: settings.listen.host, port: listener.port });
  phase = 'serving';
  const { pid } = process;
  logger.info('serving', {
    address,
    data_dir: settings.data_dir,
    engine: 'embedded',
    version,
    node: process.version,
    pid,
  });

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    phase = 'draining';
    logger.info('draining', { connections: listener.connections, requests: in_flight.count });
    await drain({ front, listener, in_flight, logger, timeout_ms: settings.drain_timeout_ms });
    front.close();
    await services.stop();
    await store.close();
    logger.info('stopped');
  };
  return {
    address,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface Draining {
  readonly front: Front;
  readonly listener: Listener;
  readonly in_flight: InFlight;
  readonly logger: Logger;
  readonly timeout_ms: number;
}

/** Lets what is in flight come to its end, but no longer than `timeout_ms`. */
async function drain({ front, listener, in_flight, logger, timeout_ms }: Draining): Promise<void> {
  const ended = listener.stopAccepting();
  front.drain();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeout_ms);
  });
  const outcome = await Promise.race([ended.then(() => in_flight.idle()), deadline]);
  clearTimeout(timer);
  if (outcome !== 'late') return;
  logger.warn('connections closed that had not ended by drain_timeout_ms', {
    drain_timeout_ms: timeout_ms,
    connections: listener.connections,
    requests: in_flight.count,
  });
  listener.destroyConnections();
  await ended;
}

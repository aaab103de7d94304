import { listenAddress } from '../config/kind.ts';
import type { Settings } from '../config/settings.ts';
import { Listener, type ListenerOptions } from '../net/listener.ts';
import { type ServiceOptions, startService } from './service.ts';
import { listenStartError } from './start-error.ts';

export type ServerOptions = Omit<ServiceOptions, 'store_group' | 'figures'>;

export interface RunningServer {
  /** `HOST:PORT` as it is listened on, with the port that was found when the settings asked for any. */
  readonly address: string;
  /** Drains and stops; resolves when the store is closed. Calling it again waits for the same. */
  stop(): Promise<void>;
}

/**
 * Starts the service in this process and listens, in this order, so that nothing is answered before it can be.
 * Rejects with a StartError that says what to do; whatever had been opened by then is closed again.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, logger, version } = options;
  let listener: Listener | undefined;
  const port = () => ({
    most_connections: settings.max_connections,
    refused_connections: listener?.refused ?? 0,
    ...{ workers: 1, workers_ready: 1, restarts: 0 },
  });
  const service = await startService({ ...options, figures: { port } });
  const opened = await listen(settings, {
    logger,
    connections: () => service.connections.count,
    onConnection: service.accept,
  }).catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  listener = opened;
  service.serving(opened.port);
  const address = addressOf(settings, opened);
  logger.info('serving', { address, ...describe(settings, version) });
  return {
    address,
    stop: () => {
      opened.close();
      return service.stop();
    },
  };
}

/** Listens where the settings say. Rejects with a StartError. */
export function listen(
  settings: Settings,
  options: Omit<ListenerOptions, 'host' | 'port' | 'max_connections'>,
): Promise<Listener> {
  const { listen: to, brpc_listen_port: port, max_connections } = settings;
  return Listener.open({ host: to.host, port, max_connections, ...options }).catch((error: unknown) => {
    throw listenStartError(error, settings);
  });
}

export function addressOf(settings: Settings, { port }: Listener): string {
  return listenAddress.show({ host: settings.listen.host, port });
}

/** What the log says of a server that begins to serve. */
export function describe({ kv, data_dir, fdb_cluster_file_path }: Settings, version: string) {
  const place = kv === 'embedded' ? { data_dir } : { fdb_cluster_file_path };
  return { ...place, engine: kv, version, node: process.version, pid: process.pid };
}

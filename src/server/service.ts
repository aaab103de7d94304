import type { Socket } from 'node:net';
import type { Settings } from '../config/settings.ts';
import type { Store } from '../kv/store.ts';
import { StoreError } from '../kv/store-error.ts';
import { ByteBudget } from '../net/byte-budget.ts';
import { Connections } from '../net/connections.ts';
import type { Front } from '../net/front.ts';
import { withRequestIds } from '../net/http/request-ids.ts';
import { InFlight } from '../net/in-flight.ts';
import { ProtocolCounts } from '../net/protocol-counts.ts';
import type { Logger } from '../observe/logger.ts';
import { CallCounts } from '../rpc/call-counts.ts';
import type { Tokens } from '../rpc/limits/token-buckets.ts';
import { apiPages } from './api.ts';
import { createBackups } from './backing-up.ts';
import { createFronts } from './fronts.ts';
import { healthPage, type Phase } from './health.ts';
import { collect, type PortFigures, portFamilies } from './metrics/collect.ts';
import { metricsPages } from './metrics/pages.ts';
import { ProcessFigures } from './metrics/process-figures.ts';
import type { Snapshot } from './metrics/snapshot.ts';
import { openStore } from './open-store.ts';
import { type Page, versionPage, withPages } from './pages.ts';
import { createServices } from './services.ts';
import { storeStartError } from './start-error.ts';

export type CreateServices = typeof createServices;

/** Who answers for the figures of the whole service: this process, which holds the port, or one that asks all workers. */
export type Figures =
  | { readonly port: () => PortFigures }
  | { readonly worker: number; readonly gather: (own: () => Promise<Snapshot>) => Promise<Snapshot> };

export interface ServiceOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly version: string;
  /** The processes that share the store, by a name that they alone have. Without it, it is this process's alone. */
  readonly store_group?: string;
  /** Told when the disk has failed so that the store must be opened again, by this process or another. */
  readonly onStoreBroken?: () => void;
  /** What rate limits are counted with; without it, this process counts for itself. */
  readonly tokens?: Tokens;
  readonly figures: Figures;
  /** Makes what answers calls, besides `/health`. The whole service, unless a test wants less. */
  readonly createServices?: CreateServices;
}

/**
 * The group of processes that may open a store at the same time though they know nothing of each other: those that each have
 * one of the two roles. Undefined for a process that does all by itself.
 */
export function sharedGroup({ role }: Settings): string | undefined {
  return role === 'all' ? undefined : 'roles';
}

/** All of the server but the port: it answers on connections that somebody else has accepted. */
export interface Service {
  readonly connections: Connections;
  /** To be called when connections can come to this port: what the service does by itself begins. */
  serving(port: number): void;
  /** Takes a connection over. */
  accept(socket: Socket): void;
  /** The figures of this process. */
  collect(): Promise<Snapshot>;
  /**
   * Lets what is in flight come to its end, but no longer than `drain_timeout_ms`, and closes the store. To be called when
   * no more connections come; calling it again waits for the same.
   */
  stop(): Promise<void>;
}

/**
 * Opens the store and makes the services, in this order. Rejects with a StartError that says what to do; whatever had been
 * opened by then is closed again.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { settings, logger, store_group, onStoreBroken } = options;
  const on_broken = (error: StoreError) => {
    logger.fatal('the disk has failed, and the store must be opened again', { error });
    onStoreBroken?.();
  };
  const store = await openStore({ settings, group: store_group ?? sharedGroup(settings), on_broken });
  try {
    return await serve(options, store);
  } catch (error) {
    await store.close().catch((closing: unknown) => logger.error('the store could not be closed', { error: closing }));
    throw error instanceof StoreError ? storeStartError(error, settings) : error;
  }
}

async function serve(options: ServiceOptions, store: Store): Promise<Service> {
  const { settings, logger, version, tokens, figures, createServices: create = createServices } = options;
  let phase: Phase = 'serving';
  const connections = new Connections();
  const protocols = new ProtocolCounts();
  const in_flight = new InFlight(settings.max_requests_in_flight);
  const buffered = new ByteBudget(settings.max_buffered_bytes);
  const calls = new CallCounts(settings.metrics_max_instances);
  const services = await create({ store, settings, logger, version, in_flight, calls, ...(tokens && { tokens }) });
  const { recycler, spans, rpc, descs } = services;
  const backups = createBackups({ store, settings, logger, version });
  const process = new ProcessFigures('worker' in figures ? figures.worker : undefined);
  const counted = { calls, in_flight, buffered, connections, protocols };
  const sources = { ...counted, version, store, recycler, backups, spans, process };
  const own = () => collect(sources);
  let port = settings.brpc_listen_port;
  const metrics = metricsPages({ ...settings, gather: () => gather(figures, own), port: () => port });
  const pages: Page[] = [
    { path: '/health', answer: healthPage(store, () => phase) },
    { path: '/version', answer: versionPage(version) },
    ...metrics.pages,
    apiPages(settings, version),
  ];
  const handler = withRequestIds(withPages(pages, services.handler));
  const front = createFronts({ settings, logger, handler, rpc, descs, in_flight, buffered, protocols });

  const stop = async () => {
    phase = 'draining';
    services.drain();
    const backedUp = backups?.stop();
    logger.info('draining', { connections: connections.count, requests: in_flight.count });
    await drain({ front, connections, in_flight, logger, timeout_ms: settings.drain_timeout_ms });
    front.close();
    metrics.stop();
    await services.stop();
    await backedUp;
    await store.close();
    logger.info('stopped');
  };
  let stopped: Promise<void> | undefined;
  return {
    connections,
    serving: (listened) => {
      port = listened;
      services.serving(listened);
      backups?.start();
    },
    accept: (socket) => {
      connections.add(socket);
      front.accept(socket);
    },
    collect: own,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** The figures of the whole service. */
async function gather(figures: Figures, own: () => Promise<Snapshot>): Promise<Snapshot> {
  if ('worker' in figures) return figures.gather(own);
  const { calls, families } = await own();
  return { calls, families: [...families, ...portFamilies(figures.port())] };
}

interface Draining {
  readonly front: Front;
  readonly connections: Connections;
  readonly in_flight: InFlight;
  readonly logger: Logger;
  readonly timeout_ms: number;
}

/** Lets what is in flight come to its end, but no longer than `timeout_ms`. */
async function drain({ front, connections, in_flight, logger, timeout_ms }: Draining): Promise<void> {
  front.drain();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeout_ms);
  });
  const outcome = await Promise.race([connections.ended().then(() => in_flight.idle()), deadline]);
  clearTimeout(timer);
  if (outcome !== 'late') return;
  logger.warn('connections closed that had not ended by drain_timeout_ms', {
    drain_timeout_ms: timeout_ms,
    connections: connections.count,
    requests: in_flight.count,
  });
  connections.destroyAll();
  await connections.ended();
}

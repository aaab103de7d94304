import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Settings } from '../../config/settings.ts';
import type { Listener } from '../../net/listener.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Sink } from '../../observe/sink.ts';
import { TokenBuckets } from '../../rpc/limits/token-buckets.ts';
import { type PortFigures, portFamilies } from '../metrics/collect.ts';
import type { Snapshot } from '../metrics/snapshot.ts';
import { addressOf, describe, listen, type RunningServer } from '../server.ts';
import { sharedGroup } from '../service.ts';
import { Gathering } from './gathering.ts';
import { share } from './share.ts';
import { Slot } from './slot.ts';

export interface SupervisorOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  /** Where the lines of the workers' logs go, too. */
  readonly sink: Sink;
  readonly version: string;
}

/** How long a worker may take for its end beyond `drain_timeout_ms`. */
const KILL_AFTER_MS = 5_000;

/**
 * Runs the service as `settings.workers` processes on one store, and listens for all of them: each new connection goes to
 * the worker that has the fewest, rather one that answers than one that doesn't at the moment. A worker that dies, or hangs, is
 * started again, and the others go on meanwhile.
 *
 * Rejects with a StartError when a worker can't serve, or the address can't be listened on; then no worker is left.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<RunningServer> {
  const { settings, logger, version } = options;
  const supervisor = new Supervisor(options);
  try {
    await supervisor.start();
    const listener = await listen(settings, {
      logger,
      connections: () => supervisor.connections,
      pause_on_connect: true,
      onConnection: (socket) => supervisor.give(socket),
    });
    supervisor.serving(listener);
    const address = addressOf(settings, listener);
    logger.info('serving', { address, workers: settings.workers, ...describe(settings, version) });
    let stopped: Promise<void> | undefined;
    const stop = () => {
      listener.close();
      return supervisor.stop();
    };
    return {
      address,
      stop: () => {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

class Supervisor {
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #slots: readonly Slot[];
  readonly #gathering: Gathering;
  /** What accepts connections, once it does. */
  #listener: Listener | undefined;
  /** Connections that came while no worker was ready, each with its timer. */
  readonly #waiting = new Map<Socket, NodeJS.Timeout>();
  /** What is left of each rate limit, for all workers. */
  readonly #tokens = new TokenBuckets();
  /** The slot that got a connection last, so that equals take turns. */
  #last = 0;
  #stopping = false;

  constructor({ settings, version, logger, sink }: SupervisorOptions) {
    this.#settings = settings;
    this.#logger = logger;
    const store_group = sharedGroup(settings) ?? randomBytes(12).toString('hex');
    this.#slots = Array.from(
      { length: settings.workers },
      (_, index) =>
        new Slot({
          start: { kind: 'start', settings: share(settings), version, store_group, worker: index + 1 },
          logger,
          logged: (line) => sink.write(`${line}\n`),
          borrowed: (name, per_second, wanted) => this.#tokens.takeUpTo(name, per_second, wanted),
          ready: () => this.#giveWaiting(),
          left: (socket) => this.give(socket),
          gather: () => this.#gather(),
          keep: (figures) => this.#gathering.keep(figures),
        }),
    );
    this.#gathering = new Gathering({
      told: this.#slots,
      own: () => portFamilies(this.#figures()),
      most_instances: settings.metrics_max_instances,
    });
  }

  get connections(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.connections, this.#waiting.size);
  }

  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.start()));
  }

  /** Tells all workers, and those that take their places, at which port they are reached. */
  serving(listener: Listener): void {
    this.#listener = listener;
    for (const slot of this.#slots) slot.serving(listener.port);
  }

  /** Gives a connection to the worker that has the fewest, or keeps it for the first that is ready again. */
  give(socket: Socket): void {
    if (this.#stopping) {
      socket.destroy();
      return;
    }
    const slot = this.#idlest();
    if (slot !== undefined) {
      slot.give(socket);
      return;
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(socket);
      socket.destroy();
    }, this.#settings.headers_timeout_ms);
    this.#waiting.set(socket, timer);
  }

  /** Resolves when every worker has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const [socket, timer] of this.#waiting) {
      clearTimeout(timer);
      socket.destroy();
    }
    this.#waiting.clear();
    const timeout_ms = this.#settings.drain_timeout_ms + KILL_AFTER_MS;
    await Promise.all(this.#slots.map((slot) => slot.stop(timeout_ms)));
  }

  async #gather(): Promise<Snapshot | undefined> {
    try {
      return await this.#gathering.gather();
    } catch (error) {
      this.#logger.error('the figures of the workers could not be gathered', { error });
      return undefined;
    }
  }

  #figures(): PortFigures {
    return {
      most_connections: this.#settings.max_connections,
      refused_connections: this.#listener?.refused ?? 0,
      workers: this.#slots.length,
      workers_ready: this.#slots.filter(({ isReady }) => isReady).length,
      restarts: this.#slots.reduce((sum, { restarts }) => sum + restarts, 0),
    };
  }

  #idlest(): Slot | undefined {
    const count = this.#slots.length;
    let found: { readonly slot: Slot; readonly index: number } | undefined;
    for (let step = 1; step <= count; step++) {
      const index = (this.#last + step) % count;
      const slot = this.#slots[index];
      if (slot?.isReady && (found === undefined || isBetter(slot, found.slot))) found = { slot, index };
    }
    this.#last = found?.index ?? this.#last;
    return found?.slot;
  }

  #giveWaiting(): void {
    for (const [socket, timer] of this.#waiting) {
      clearTimeout(timer);
      this.#waiting.delete(socket);
      this.give(socket);
    }
  }
}

/** Whether one worker should rather get a connection than another. */
function isBetter(slot: Slot, other: Slot): boolean {
  return slot.isResponsive === other.isResponsive ? slot.connections < other.connections : slot.isResponsive;
}

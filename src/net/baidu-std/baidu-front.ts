import type { Socket } from 'node:net';
import { closedLog } from '../closed-log.ts';
import { CLOSE_IDLE_AFTER_MS, type Front } from '../front.ts';
import { watchSlowReaders } from '../slow-readers.ts';
import { Connection, type ConnectionOptions } from './connection.ts';

export interface BaiduFrontOptions extends ConnectionOptions {
  /** How long a peer may take nothing of its answers. */
  readonly send_timeout_ms: number;
}

/** brpc's own protocol, baidu_std, by which backends call. */
export class BaiduFront implements Front {
  readonly #options: BaiduFrontOptions;
  readonly #connections = new Map<Socket, Connection>();
  readonly #logClosed: (why: string, peer: string | undefined) => void;
  readonly #stopWatching: () => void;
  #draining = false;

  constructor(options: BaiduFrontOptions) {
    this.#options = options;
    this.#logClosed = closedLog(options.logger, 'a connection of baidu_std was closed');
    this.#stopWatching = watchSlowReaders(() => this.#connections.keys(), options);
  }

  accept(socket: Socket): void {
    const connection = new Connection(socket, this.#options, (why) => this.#logClosed(why, socket.remoteAddress));
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    if (this.#draining) this.#drain(connection);
    connection.begin();
  }

  /** From now on, calls are told to go elsewhere, and connections end when those that have come before are answered. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#connections.values()) this.#drain(connection);
  }

  /** Stops the timers. To be called when the connections have ended. */
  close(): void {
    this.#stopWatching();
  }

  /** Calls that are on their way would be lost if the connection were closed at once. */
  #drain(connection: Connection): void {
    connection.stopCalls();
    setTimeout(() => connection.end(), CLOSE_IDLE_AFTER_MS);
  }
}

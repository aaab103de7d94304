import { createServer, type DropArgument, type Server, type Socket } from 'node:net';
import { atMostEvery } from '../observe/at-most-every.ts';
import type { Logger } from '../observe/logger.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any port that is free. */
  readonly port: number;
  readonly max_connections: number;
  readonly logger: Logger;
  /** Takes a connection over: its bytes, its errors and its end. */
  readonly onConnection: (socket: Socket) => void;
}

/** Connections that the kernel holds while we are busy accepting others. */
const BACKLOG = 4096;
const TCP_KEEP_ALIVE_MS = 60_000;
const REFUSED_LOG_INTERVAL_MS = 10_000;

/** The one TCP port: owns every connection and their number, and knows no protocol. */
export class Listener {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts to listen. Rejects with the system's error (`EADDRINUSE`, `EACCES`, ...). */
  static open(options: ListenerOptions): Promise<Listener> {
    const server = createServer({
      // A client may close its side after the request and still wait for the answer.
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    });
    const listener = new Listener(server);
    server.maxConnections = options.max_connections;
    server.on('drop', reportRefused(options));
    server.on('connection', (socket) => {
      listener.#connections.add(socket);
      socket.once('close', () => listener.#connections.delete(socket));
      options.onConnection(socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port: options.port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        server.on('error', (error) => options.logger.error('the listener failed', { error }));
        resolve(listener);
      });
    });
  }

  /** The port that is listened on. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Accepts nothing from now on, and resolves when the last connection has ended. */
  stopAccepting(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Ends every connection at once, whatever is in flight on it. */
  destroyConnections(): void {
    for (const socket of this.#connections) socket.destroy();
  }
}

function reportRefused(options: ListenerOptions): (drop?: DropArgument) => void {
  let peer: string | undefined;
  const report = atMostEvery(REFUSED_LOG_INTERVAL_MS, (connections) => {
    options.logger.warn('connections refused: there are as many as max_connections allows', {
      max_connections: options.max_connections,
      connections,
      peer,
    });
  });
  return (drop) => {
    peer = drop?.remoteAddress;
    report();
  };
}

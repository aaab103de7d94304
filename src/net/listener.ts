import { createServer, type Server, type Socket } from 'node:net';
import { atMostEvery } from '../observe/at-most-every.ts';
import type { Logger } from '../observe/logger.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any port that is free. */
  readonly port: number;
  readonly max_connections: number;
  /** How many there are, to compare with `max_connections`. */
  readonly connections: () => number;
  readonly logger: Logger;
  /** Leaves the bytes of new connections unread, for the process that they are passed on to. */
  readonly pause_on_connect?: boolean;
  /** Takes a connection over: its bytes, its errors and its end. */
  readonly onConnection: (socket: Socket) => void;
}

/** Connections that the kernel holds while we are busy accepting others. */
const BACKLOG = 4096;
const TCP_KEEP_ALIVE_MS = 60_000;
const REFUSED_LOG_INTERVAL_MS = 10_000;

/** How every connection is taken, also by a process that gets it from another. */
export const SOCKET_OPTIONS = {
  // A client may close its side after the request and still wait for the answer.
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
} as const;

/** The one TCP port: takes connections, up to their bound, and knows no protocol. */
export class Listener {
  readonly #server: Server;
  #refused = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Connections that were closed as they came, since there were too many. */
  get refused(): number {
    return this.#refused;
  }

  /** Starts to listen. Rejects with the system's error (`EADDRINUSE`, `EACCES`, ...). */
  static open(options: ListenerOptions): Promise<Listener> {
    const { pause_on_connect = false, max_connections, connections, onConnection, logger } = options;
    const server = createServer({ ...SOCKET_OPTIONS, pauseOnConnect: pause_on_connect });
    const listener = new Listener(server);
    const refuse = refusal(options);
    server.on('connection', (socket) => {
      if (connections() < max_connections) onConnection(socket);
      else {
        listener.#refused++;
        refuse(socket);
      }
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port: options.port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        server.on('error', (error) => logger.error('the listener failed', { error }));
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

  /** Accepts nothing from now on. */
  close(): void {
    this.#server.close();
  }
}

function refusal({ logger, max_connections }: ListenerOptions): (socket: Socket) => void {
  let peer: string | undefined;
  const report = atMostEvery(REFUSED_LOG_INTERVAL_MS, (connections) => {
    logger.warn('connections refused: there are as many as max_connections allows', {
      max_connections,
      connections,
      peer,
    });
  });
  return (socket) => {
    peer = socket.remoteAddress;
    socket.destroy();
    report();
  };
}

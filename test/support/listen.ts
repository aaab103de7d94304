import { Connections } from '../../src/net/connections.ts';
import type { Front } from '../../src/net/front.ts';
import { Listener } from '../../src/net/listener.ts';
import type { Logger } from '../../src/observe/logger.ts';

export interface Listening {
  readonly port: number;
  readonly connections: Connections;
  /** Ends the connections and the front. */
  stop(): Promise<void>;
}

/** Gives the connections to a free port to `front`, alone and as they come. */
export async function listenWith(
  front: Front,
  { logger, max_connections = 100 }: { readonly logger: Logger; readonly max_connections?: number },
): Promise<Listening> {
  const connections = new Connections();
  const listener = await Listener.open({
    host: '127.0.0.1',
    port: 0,
    max_connections,
    connections: () => connections.count,
    logger,
    onConnection: (socket) => {
      connections.add(socket);
      front.accept(socket);
    },
  });
  const stop = async () => {
    listener.close();
    connections.destroyAll();
    await connections.ended();
    front.close();
  };
  return { port: listener.port, connections, stop };
}

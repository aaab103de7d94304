import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * What happens to connections: `pass` carries all; `cut_answers` carries requests, and ends the connection in place of an
 * answer; `swallow_answers` carries requests, and nothing back.
 */
export type ProxyMode = 'pass' | 'cut_answers' | 'swallow_answers';

/** Stands between a client and a service, and loses what it is told to. */
export class CuttingProxy {
  mode: ProxyMode = 'pass';
  connections = 0;
  /** Answers that were cut off. */
  cuts = 0;
  readonly #server = createServer((socket) => this.#carry(socket));
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly target: URL) {}

  static async to(base: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(new URL(base));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** `http://127.0.0.1:PORT` */
  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(near: Socket): void {
    this.connections++;
    const far = connect({ host: this.target.hostname, port: Number(this.target.port) });
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (this.mode === 'pass') near.write(bytes);
      else if (this.mode === 'cut_answers') {
        this.cuts++;
        near.destroy();
      }
    });
  }
}

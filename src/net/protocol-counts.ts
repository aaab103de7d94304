import type { Socket } from 'node:net';
import type { Protocol } from './first-bytes.ts';

type Counts = Readonly<Record<Protocol, number>>;

/** Counts connections by what they speak. One that has not said it yet, or speaks nothing that is served, is not counted. */
export class ProtocolCounts {
  readonly #open = { http1: 0, http2: 0, baidu_std: 0 };
  readonly #opened = { http1: 0, http2: 0, baidu_std: 0 };

  add(protocol: Protocol, socket: Socket): void {
    this.#opened[protocol]++;
    this.#open[protocol]++;
    socket.once('close', () => this.#open[protocol]--);
  }

  /** Those that are open. */
  get open(): Counts {
    return this.#open;
  }

  /** All since the start. */
  get opened(): Counts {
    return this.#opened;
  }
}

import type { Socket } from 'node:net';

/** One protocol of the port: what speaks it on connections that somebody else has accepted. */
export interface Front {
  /** Takes a connection over: its bytes, those already read included, its errors and its end. */
  accept(socket: Socket): void;
  /** From now on, connections end once what is in flight on them is answered. */
  drain(): void;
  /** Stops the timers. To be called when the connections have ended. */
  close(): void;
}

import type { Socket } from 'node:net';

/**
 * How long a connection without a call is still listened to when the service begins to stop: a call may be on its way, and
 * would be lost.
 */
export const CLOSE_IDLE_AFTER_MS = 100;

/** One protocol of the port: what speaks it on connections that somebody else has accepted. */
export interface Front {
  /** Takes a connection over: its bytes, those already read included, its errors and its end. */
  accept(socket: Socket): void;
  /** From now on, connections end once what is in flight on them is answered. */
  drain(): void;
  /** Stops the timers. To be called when the connections have ended. */
  close(): void;
}

import type { Socket } from 'node:net';

/** How long a closing connection still takes in, and throws away, what the peer has under way, so that it can read its answer. */
const LINGER_MS = 2000;

/**
 * Ends our side of a connection once all that was written is out, and then the connection, when the peer has ended its side
 * or has had time to. Until then it must be read on, by somebody who looks at nothing that comes.
 */
export function closeGently(socket: Socket): void {
  socket.end(() => {
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
}

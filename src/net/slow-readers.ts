import type { Socket } from 'node:net';

const LONGEST_CHECK_MS = 1000;

/**
 * Ends connections whose peer has read nothing of an answer for `send_timeout_ms`, so that it doesn't stay in memory.
 * Looking at all of them now and then keeps answers that go out at once, nearly all, free of timers.
 * Returns a function that stops the watch.
 */
export function watchSlowReaders(
  sockets: () => Iterable<Socket>,
  { send_timeout_ms, idle_timeout_ms }: { readonly send_timeout_ms: number; readonly idle_timeout_ms: number },
): () => void {
  // Weak, so that a connection that ends takes with it what was to go out on it.
  const watched = new WeakSet<Socket>();
  const timer = setInterval(
    () => {
      for (const socket of sockets()) {
        const isSlow = socket.writableLength > 0;
        if (isSlow === watched.has(socket)) continue;
        if (isSlow) watched.add(socket);
        else watched.delete(socket);
        socket.setTimeout(isSlow ? send_timeout_ms : idle_timeout_ms);
      }
    },
    Math.min(LONGEST_CHECK_MS, Math.ceil(send_timeout_ms / 2)),
  );
  timer.unref();
  return () => clearInterval(timer);
}

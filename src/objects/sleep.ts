/** Waits that long. Rejects with the signal's reason as soon as that is aborted. */
export function sleep(time_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, time_ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

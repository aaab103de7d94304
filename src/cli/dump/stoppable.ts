const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** That a signal has stopped a command. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Does `work`, with a signal that is aborted by a `Stopped` when the process is asked to end. A second time, it ends at once. */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    controller.abort(new Stopped(`stopped by ${name}`));
    unlisten();
  };
  const unlisten = () => {
    for (const name of SIGNALS) process.removeListener(name, stop);
  };
  for (const name of SIGNALS) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    unlisten();
  }
}

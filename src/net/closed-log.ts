import { atMostEvery } from '../observe/at-most-every.ts';
import type { Logger } from '../observe/logger.ts';

const INTERVAL_MS = 10_000;

/** Logs that a connection was closed for what its peer did. One line stands for many: whoever probes ports does so often. */
export function closedLog(logger: Logger, message: string): (why: string, peer: string | undefined) => void {
  let last: { readonly why: string; readonly peer: string | undefined };
  const report = atMostEvery(INTERVAL_MS, (connections) => logger.warn(message, { ...last, connections }));
  return (why, peer) => {
    last = { why, peer };
    report();
  };
}

import { createLogger, type Logger, type LogLevel } from '../../src/observe/logger.ts';

/** A logger whose lines go to `take`, as the JSON that they are, each with its line end. */
export function loggerTo(take: (line: string) => void, level: LogLevel = 'debug'): Logger {
  return createLogger({ level, sink: { write: take, flush: async () => undefined } });
}

import { pino } from 'pino';
import { maskSecrets } from './mask.ts';
import type { Sink } from './sink.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** What a line says besides its message. Secret fields (`sk`, `token`, `password`, ...) are masked; an `error` is described. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One event, one line. Rooms take a Logger by parameter and know nothing of where lines go. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** Whether a line of this level would be kept: for fields that cost something to collect. */
  keeps(level: LogLevel): boolean;
  /** A logger whose every line has these fields too. */
  with(fields: LogFields): Logger;
}

/** A logger that writes JSON lines to `sink`: `{"level":"info","time":"2025-01-31T10:11:12.013Z","msg":"...", ...fields}`. */
export function createLogger(options: { level: LogLevel; sink: Sink }): Logger {
  const inner = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error: unknown) => error },
    },
    options.sink,
  );
  return wrap(inner);
}

const lines: Record<LogLevel, number> = { debug: 0, info: 0, warn: 0, error: 0, fatal: 0 };

/** How many lines this process has logged, by level. */
export function linesLogged(): Readonly<Record<LogLevel, number>> {
  return lines;
}

function wrap(inner: pino.Logger): Logger {
  const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (!inner.isLevelEnabled(level)) return;
    lines[level]++;
    if (fields === undefined) inner[level](message);
    else inner[level](maskSecrets(fields), message);
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    keeps: (level) => inner.isLevelEnabled(level),
    with: (fields) => wrap(inner.child(maskSecrets(fields) as object)),
  };
}

const nothing = () => undefined;

/** Keeps no line. */
export const SILENT: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  keeps: () => false,
  with: () => SILENT,
};

import { pino } from 'pino';
import { openLogFile } from './log-file.ts';
import { secretsMasker } from './mask.ts';
import { prettyLine } from './pretty.ts';
import { flushQuietly, type Sink } from './sink.ts';

export interface SinkOptions {
  readonly format: 'json' | 'pretty';
  /** Empty for the standard output. */
  readonly dir: string;
  /** Of one file, in bytes. */
  readonly file_bytes: number;
  /** Files kept, the one being written included. */
  readonly files: number;
  /** Masked wherever they occur in a line. */
  readonly secrets: readonly string[];
}

/** More than this many bytes that the reader of the logs has not taken yet are dropped, rather than kept in memory. */
const HELD_BACK_BYTES = 16 * 1024 * 1024;

/** Opens the destination of log lines. Throws the system's error when the directory can't be written to. */
export function openSink(options: SinkOptions): Sink {
  const destination = options.dir === '' ? openStandardOutput() : openLogFile(options);
  const mask = secretsMasker(options.secrets);
  const format = options.format === 'pretty' ? prettyLine : (line: string) => line;
  return {
    write: (line) => destination.write(format(mask(line))),
    flush: () => destination.flush(),
  };
}

function openStandardOutput(): Sink {
  const stream = pino.destination({ fd: process.stdout.fd, sync: false, maxLength: HELD_BACK_BYTES });
  // A closed pipe must not end the service: whoever reads the logs may go away.
  stream.on('error', () => undefined);
  return { write: (line) => stream.write(line), flush: () => flushQuietly(stream) };
}

import { openLogFile } from './log-file.ts';
import { secretsMasker } from './mask.ts';
import { prettyLine } from './pretty.ts';
import type { Sink } from './sink.ts';
import { DescriptorSink } from './standard-output.ts';

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

/** Opens the destination of log lines. Throws the system's error when the directory can't be written to. */
export function openSink(options: SinkOptions): Sink {
  const destination = options.dir === '' ? new DescriptorSink(process.stdout.fd) : openLogFile(options);
  const mask = secretsMasker(options.secrets);
  const format = options.format === 'pretty' ? prettyLine : (line: string) => line;
  return {
    write: (line) => destination.write(format(mask(line))),
    flush: () => destination.flush(),
  };
}

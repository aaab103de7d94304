import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { flushQuietly, type Sink } from './sink.ts';

export const LOG_FILE = 'nereus.log';

export interface LogFileOptions {
  readonly dir: string;
  readonly file_bytes: number;
  readonly files: number;
}

/**
 * Appends lines to `nereus.log` in `dir`. When the file has reached `file_bytes` it becomes `nereus.log.1`, what was
 * `.1` becomes `.2`, and so on; no more than `files` are kept.
 */
export function openLogFile(options: LogFileOptions): Sink {
  mkdirSync(options.dir, { recursive: true });
  accessSync(options.dir, constants.W_OK);
  const path = join(options.dir, LOG_FILE);
  let size = sizeOf(path);
  const stream = pino.destination({ dest: path, append: true, sync: true });
  // A full disk must not end the service; lines are lost until there is room again.
  stream.on('error', () => undefined);

  return {
    write: (line) => {
      const bytes = Buffer.byteLength(line);
      if (size > 0 && size + bytes > options.file_bytes) {
        flushQuietly(stream);
        rotate(path, options.files);
        stream.reopen();
        size = 0;
      }
      size += bytes;
      stream.write(line);
    },
    flush: () => flushQuietly(stream),
  };
}

function rotate(path: string, files: number): void {
  try {
    if (files === 1) rmSync(path, { force: true });
    for (let number = files - 1; number > 0; number--) {
      const older = number === 1 ? path : `${path}.${number - 1}`;
      if (sizeOf(older) > 0) renameSync(older, `${path}.${number}`);
    }
  } catch {
    // Going on in a file that is too large is better than losing lines.
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

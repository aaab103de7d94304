import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Sink } from './sink.ts';

const LOG_FILE = 'nereus.log';

export interface LogFileOptions {
  readonly dir: string;
  readonly file_bytes: number;
  readonly files: number;
}

/**
 * Appends lines to `nereus.log` in `dir`. When the file has reached `file_bytes` it becomes `nereus.log.1`, what was
 * `.1` becomes `.2`, and so on; no more than `files` are kept. Throws the system's error when the file can't be opened.
 */
export function openLogFile(options: LogFileOptions): Sink {
  mkdirSync(options.dir, { recursive: true });
  const path = join(options.dir, LOG_FILE);
  let size = sizeOf(path);
  let descriptor = openSync(path, 'a');

  return {
    write: (line) => {
      const bytes = Buffer.byteLength(line);
      if (size > 0 && size + bytes > options.file_bytes) {
        descriptor = rotate(descriptor, path, options.files);
        size = sizeOf(path);
      }
      size += bytes;
      try {
        writeSync(descriptor, line);
      } catch {
        // A full disk must not end the service; lines are lost until there is room again.
      }
    },
    flush: async () => undefined,
  };
}

/** The descriptor to go on with: of a new file, or, where none can be made, of the one that is too large. */
function rotate(descriptor: number, path: string, files: number): number {
  try {
    if (files === 1) rmSync(path, { force: true });
    for (let number = files - 1; number > 0; number--) {
      const older = number === 1 ? path : `${path}.${number - 1}`;
      if (sizeOf(older) > 0) renameSync(older, `${path}.${number}`);
    }
    const next = openSync(path, 'a');
    closeSync(descriptor);
    return next;
  } catch {
    return descriptor;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

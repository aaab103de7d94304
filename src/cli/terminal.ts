import type { Readable, Writable } from 'node:stream';
import { isatty } from 'node:tty';

/** Where a command talks to whoever called it. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** How many columns there are for what goes to `out`, where that is a screen. */
  readonly columns?: number | undefined;
  /** How many columns there are for what goes to `err`, where that is a screen. */
  readonly err_columns?: number | undefined;
  /** Where questions are put, when there is somebody to answer them. */
  readonly person?: Person | undefined;
}

/** Somebody at a keyboard and a screen. */
export interface Person {
  readonly input: Readable;
  readonly output: Writable;
}

const [STDIN, STDERR] = [0, 2];

/** The terminal of this process. Questions go to standard error, so that standard output holds nothing but the answer. */
export function processTerminal(): Terminal {
  return {
    out: (text) => write(process.stdout, text),
    err: (text) => write(process.stderr, text),
    get columns() {
      // A terminal that does not say how wide it is has 0.
      return process.stdout.isTTY ? process.stdout.columns || undefined : undefined;
    },
    get err_columns() {
      return process.stderr.isTTY ? process.stderr.columns : undefined;
    },
    get person() {
      return isatty(STDIN) && isatty(STDERR) ? { input: process.stdin, output: process.stderr } : undefined;
    },
  };
}

function write(stream: Writable, text: string): void {
  if (stream.listenerCount('error', ignoreGoneReader) === 0) stream.on('error', ignoreGoneReader);
  stream.write(text);
}

/** A reader that has seen enough, as `head` has, is no failure of the command. */
function ignoreGoneReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

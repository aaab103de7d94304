import type { Readable, Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { ExitCode } from './exit-code.ts';

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
  if (stream.listenerCount('error', leftToTheEnd) === 0) stream.on('error', leftToTheEnd);
  stream.write(text);
}

/** What can't be written is told by `afterOutput`, and on standard error there is nobody to tell. */
function leftToTheEnd(): void {}

/**
 * Waits until what was written to standard output has gone where it goes, and resolves to the exit code: Failed in place of
 * Done when it did not all get there, as on a full disk. A reader that has seen enough, as `head` has, is no failure.
 */
export async function afterOutput(code: ExitCode): Promise<ExitCode> {
  const { stdout } = process;
  if (stdout.listenerCount('error', leftToTheEnd) === 0) return code;
  const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => stdout.write('', resolve));
  if (!error || error.code === 'EPIPE') return code;
  write(process.stderr, `nereus: the standard output can't be written: ${error.code}\n`);
  return code === ExitCode.Done ? ExitCode.Failed : code;
}

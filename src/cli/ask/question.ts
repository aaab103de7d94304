import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Person } from '../terminal.ts';

/** Puts a question and resolves with the line of the answer. Rejects with a CommandError when there is none. */
export function ask({ input, output }: Person, question: string): Promise<string> {
  const lines = createInterface({ input, terminal: false });
  output.write(question);
  return firstOf(lines);
}

/** As `ask`, but nothing of the answer shows on the screen. */
export async function askUnseen({ input, output }: Person, question: string): Promise<string> {
  // A readline that believes in a terminal takes the echo from the keyboard, and writes its own, here, into nothing.
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nothing, terminal: true, historySize: 0 });
  // Not before there is no echo any more: whoever is quick would see what they type.
  output.write(question);
  try {
    return await firstOf(lines);
  } finally {
    output.write('\n');
  }
}

function firstOf(lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    const none = () => reject(new CommandError(ExitCode.Aborted, 'there was no answer, so nothing was done'));
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    // After an answer this changes nothing.
    lines.once('close', none);
  });
}

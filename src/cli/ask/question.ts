import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Person } from '../terminal.ts';

/** Puts a question and resolves with the line of the answer. Rejects with a CommandError when there is none. */
export function ask({ input, output }: Person, question: string): Promise<string> {
  output.write(question);
  return nextLine(input, undefined);
}

/** As `ask`, but nothing of the answer shows on the screen. */
export async function askUnseen({ input, output }: Person, question: string): Promise<string> {
  output.write(question);
  // A readline that believes in a terminal takes the echo from the keyboard, and writes its own, here, into nothing.
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await nextLine(input, nothing);
  } finally {
    output.write('\n');
  }
}

function nextLine(input: Person['input'], echo: Writable | undefined): Promise<string> {
  const lines = createInterface({ input, ...(echo && { output: echo }), terminal: echo !== undefined, historySize: 0 });
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

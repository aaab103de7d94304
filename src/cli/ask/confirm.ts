import { CommandError, usage } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Person } from '../terminal.ts';
import { ask } from './question.ts';

/** Asks a yes-or-no question. Rejects with a CommandError unless the answer is yes, or where nobody can be asked. */
export async function confirm(question: string, person: Person | undefined): Promise<void> {
  if (person === undefined) {
    throw usage(`${question} Nobody can be asked, since standard input is no terminal: say --yes if it is to be done`);
  }
  const answer = await ask(person, `${question} [y/N] `);
  if (/^\s*(y|yes)\s*$/i.test(answer)) return;
  throw new CommandError(ExitCode.Aborted, 'the answer was not yes, so nothing was done');
}

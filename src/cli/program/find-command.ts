import { nearest } from '../../config/nearest.ts';
import { type CommandError, usage } from '../command-error.ts';
import type { Command, Noun } from './command.ts';

export interface CommandTable {
  readonly nouns: readonly Noun[];
  /** Those that are one word. */
  readonly commands: readonly Command[];
}

export interface Found {
  /** The words that name it. */
  readonly path: readonly string[];
  /** Undefined for a noun alone. */
  readonly command: Command | undefined;
  /** What stands behind its words. */
  readonly rest: readonly string[];
}

/** The command that the first words name, or a noun alone. Throws a CommandError for any other words. */
export function findCommand({ nouns, commands }: CommandTable, args: readonly string[]): Found {
  const [first = '', second] = args;
  const single = commands.find(({ name }) => name === first);
  if (single !== undefined) return { path: [first], command: single, rest: args.slice(1) };
  const noun = nouns.find(({ name }) => name === first);
  if (noun === undefined) throw unknown('nereus', first, [...commands, ...nouns]);
  const verb = noun.commands.find(({ name }) => name === second);
  if (verb !== undefined) return { path: [first, verb.name], command: verb, rest: args.slice(2) };
  if (second !== undefined && !second.startsWith('-')) throw unknown(`nereus ${first}`, second, noun.commands);
  const alone = noun.commands.find(({ name }) => name === noun.alone);
  return { path: alone === undefined ? [first] : [first, alone.name], command: alone, rest: args.slice(1) };
}

function unknown(before: string, word: string, known: readonly { readonly name: string }[]): CommandError {
  const names = known.map(({ name }) => name);
  const meant = nearest(word, names);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const what = before === 'nereus' ? 'there is no command' : `${before} has no`;
  return usage(`${what} ${JSON.stringify(word)}${hint} (${before} --help lists all)`);
}

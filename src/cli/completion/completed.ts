import { flagOf } from '../../config/flags.ts';
import { boolean, type Kind } from '../../config/kind.ts';
import type { Command } from '../program/command.ts';
import type { CommandTable } from '../program/find-command.ts';
import { flagsOf } from '../program/flags-of-command.ts';

/** What a shell offers behind a word: flags and what their values are. */
export interface CompletedCommand {
  /** `instance create`, `serve` */
  readonly path: string;
  readonly flags: readonly CompletedFlag[];
}

export interface CompletedFlag {
  /** `--endpoint` */
  readonly flag: string;
  readonly meaning: string;
  readonly takes: Takes;
}

export type Takes =
  | { readonly what: 'nothing' | 'file' | 'directory' | 'text' }
  | { readonly what: 'words'; readonly words: readonly string[] };

/** A word that names a command, or the beginning of several. */
export interface CompletedWord {
  /** The words before it: empty, or a noun. */
  readonly after: string;
  readonly word: string;
  readonly meaning: string;
}

const HELP: CompletedFlag = { flag: '--help', meaning: 'Say how this is used', takes: { what: 'nothing' } };

export function completedWords({ commands, nouns }: CommandTable): CompletedWord[] {
  const first = [...commands, ...nouns].map(({ name, summary }) => ({ after: '', word: name, meaning: summary }));
  const verbs = nouns.flatMap(({ name: after, commands }) =>
    commands.map(({ name, summary }) => ({ after, word: name, meaning: summary })),
  );
  return [...first, ...verbs];
}

export function completedCommands({ commands, nouns }: CommandTable): CompletedCommand[] {
  const single = commands.map((command) => ({ path: command.name, flags: completedFlags(command) }));
  const verbs = nouns.flatMap(({ name, commands }) =>
    commands.map((command) => ({ path: `${name} ${command.name}`, flags: completedFlags(command) })),
  );
  return [...single, ...verbs];
}

function completedFlags(command: Command): CompletedFlag[] {
  const flags = flagsOf(command).map(({ name, value: { kind, meaning } }) => ({
    ...{ flag: flagOf(name), meaning },
    takes: kind === undefined ? ({ what: 'nothing' } as const) : takesOf(kind),
  }));
  return [...flags, HELP];
}

function takesOf(kind: Kind<unknown>): Takes {
  // One of its own kind stands alone as well.
  if (kind === boolean) return { what: 'nothing' };
  if (/^one of /.test(kind.allowed)) return { what: 'words', words: kind.placeholder.split('|') };
  if (kind.placeholder === 'FILE') return { what: 'file' };
  return { what: kind.placeholder === 'DIR' ? 'directory' : 'text' };
}

import type { Client } from '../../client/client.ts';
import type { LoadedSettings } from '../../config/load.ts';
import type { SettingName } from '../../config/settings.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Report } from '../show/report.ts';
import type { Terminal } from '../terminal.ts';
import type { Value } from './value.ts';

export type Values = Readonly<Record<string, Value<unknown>>>;

/** What the texts stand for that were given for them. */
export type Read<V extends Values> = { readonly [Name in keyof V]: V[Name] extends Value<infer T> ? T : never };

/** An example for the help and the docs: what it does, and its line, which begins with `nereus`. */
export interface Example {
  readonly does: string;
  readonly line: string;
}

/** What a command has at hand while it runs. */
export interface Context {
  readonly terminal: Terminal;
  /** The Meta Service that flags, environment and profile name, for a command that calls `service`. */
  readonly client: Client;
  /** For a command that has `settings`. Reading them throws a SettingsError. */
  readonly loaded: LoadedSettings;
  /** Asks whether to do what can't be undone, unless `--yes` says so. Rejects with a CommandError without a yes. */
  readonly confirm: (question: string) => Promise<void>;
  /** One of the command's `secrets`. Rejects with a CommandError where it is not given and nobody can be asked. */
  readonly secret: (name: string) => Promise<string>;
  /** Tells something beside the answer, on standard error; with `--json` as a JSON of one line. */
  readonly note: (text: string) => void;
}

/** What is the same for all commands: help, examples, completion and the reading of arguments come from it. */
export interface CommandFacts {
  readonly name: string;
  /** A sentence without its full stop. */
  readonly summary: string;
  /** What there is to say beyond that, for its own help. */
  readonly details?: string;
  /** By their names in snake case, in their order. Only the last may be left out or repeated. */
  readonly arguments?: Values;
  /** By their names in snake case: `cluster_id` is `--cluster-id`. */
  readonly options?: Values;
  /** By name, with what each is. `sk` is read from `--sk-file` or `NEREUS_SK`, or asked for, and never an argument. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Whether it calls a service, and takes the flags that say where that is. */
  readonly calls_service?: boolean;
  /** The settings that count for it, and are flags of it. */
  readonly settings?: 'all' | readonly SettingName[];
  /** Whether all that it says is for people, so that there is no `--json`. */
  readonly without_json?: boolean;
  /** Whether it asks before it begins, and takes `--yes`. */
  readonly asks?: boolean;
  readonly examples: readonly Example[];
}

export interface Command extends CommandFacts {
  /** Resolves with what to show, or with an exit code when it has shown everything itself. */
  run(given: Readonly<Record<string, unknown>>, context: Context): Promise<Report | ExitCode>;
}

/** Commands about one thing: `nereus instance create`, for one. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
  /** What `nereus <name>` alone does, where that is not to say which commands there are. */
  readonly alone?: string;
}

/** Declares a command. What `run` is given are its arguments and its options, with the types that their kinds have. */
export function command<Arguments extends Values = Values, Options extends Values = Values>(
  spec: Omit<CommandFacts, 'arguments' | 'options'> & {
    readonly arguments?: Arguments;
    readonly options?: Options;
    run(given: Read<Arguments> & Read<Options>, context: Context): Promise<Report | ExitCode>;
  },
): Command {
  // The frame reads what is given by these very tables, so it has the types that they say.
  return spec as unknown as Command;
}

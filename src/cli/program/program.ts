import { Argument, Command as CommanderCommand, type CommanderError, Option } from 'commander';
import { CONFIG_VARIABLE, variableOf } from '../../config/environment.ts';
import { flagOf } from '../../config/flags.ts';
import { boolean } from '../../config/kind.ts';
import { nearest } from '../../config/nearest.ts';
import { settingsHelp } from '../../config/show.ts';
import type { Terminal } from '../terminal.ts';
import type { Command, Noun } from './command.ts';
import { type FlagOfCommand, flagsOf } from './flags-of-command.ts';

/** What was given for a command, as texts. */
export interface Parsed {
  readonly command: Command;
  /** Of an argument or a flag that was given, by its name in snake case. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

export interface ProgramOptions {
  readonly nouns: readonly Noun[];
  readonly commands: readonly Command[];
  readonly version: string;
  readonly terminal: Terminal;
  /** Called with what the arguments name. */
  readonly take: (parsed: Parsed) => void;
}

const HELP_WIDTH = 100;

/** The command line as commander knows it: from the table of commands, which says all that there is to say. */
export function buildProgram({ nouns, commands, version, terminal, take }: ProgramOptions): CommanderCommand {
  const parts = { terminal, take };
  const program = prepared(new CommanderCommand('nereus'), terminal)
    .description(`Nereus ${version}: a Meta Service for Apache Doris with an embedded, crash-safe store`)
    .usage('[COMMAND] [--name VALUE ...]')
    .option('-v, --version', 'Say which version this is')
    .addHelpText('after', OVERVIEW);
  for (const command of commands) program.addCommand(build(command, ['nereus'], parts));
  for (const noun of nouns) {
    const group = prepared(new CommanderCommand(noun.name), terminal).description(noun.summary).usage('COMMAND');
    for (const command of noun.commands) {
      const isDefault = command.name === noun.alone;
      group.addCommand(build(command, ['nereus', noun.name], parts), { isDefault });
    }
    program.addCommand(group);
  }
  return program;
}

const OVERVIEW = `
Without a command, nereus serves: nereus serve --help lists the settings.
nereus COMMAND --help has examples. Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 refused,
4 not found, 5 no answer, 6 wrong token, 7 not confirmed, 8 not known to the service, 9 not in order.`;

function prepared(command: CommanderCommand, terminal: Terminal): CommanderCommand {
  const width = Math.min(terminal.columns ?? HELP_WIDTH, HELP_WIDTH);
  return command
    .exitOverride()
    .helpCommand(false)
    .helpOption('-h, --help', 'Say how this is used')
    .configureHelp({ helpWidth: width, subcommandTerm: (sub) => sub.name() })
    .configureOutput({ writeOut: terminal.out, writeErr: () => undefined });
}

function build(
  command: Command,
  path: readonly string[],
  { terminal, take }: Pick<ProgramOptions, 'terminal' | 'take'>,
) {
  const { name, summary, details } = command;
  const built = prepared(new CommanderCommand(name), terminal)
    .summary(summary)
    .description(`${summary}.${details === undefined ? '' : `\n\n${details}`}`)
    .addHelpText('after', () => footer(command, [...path, name].join(' ')));
  const args = Object.entries(command.arguments ?? {});
  for (const [name, { meaning, required, repeatable }] of args) {
    const shown = `${name.toUpperCase()}${repeatable ? '...' : ''}`;
    built.addArgument(new Argument(required ? `<${shown}>` : `[${shown}]`, meaning));
  }
  const flags = flagsOf(command).map((flag) => ({ flag, option: optionOf(flag) }));
  for (const { option } of flags) built.addOption(option);
  return built.action(() => {
    const texts = new Map<string, readonly string[]>();
    for (const [at, [name]] of args.entries()) note(texts, name, built.processedArgs[at]);
    for (const { flag, option } of flags) note(texts, flag.name, built.opts()[option.attributeName()]);
    take({ command, texts });
  });
}

function optionOf({ name, value: { kind, meaning, repeatable, required }, group, hidden }: FlagOfCommand): Option {
  const placeholder = kind === undefined ? '' : kind === boolean ? ' [true|false]' : ` <${kind.placeholder}>`;
  const marks = [...(required ? ['needed'] : []), ...(repeatable ? ['any number of times'] : [])];
  const option = new Option(
    flagOf(name) + placeholder,
    marks.length === 0 ? meaning : `${meaning} (${marks.join(', ')})`,
  );
  // All that were given, in their order; commander itself would keep the last.
  if (kind !== undefined) option.argParser((text: string, before?: readonly string[]) => [...(before ?? []), text]);
  return option.helpGroup(group).hideHelp(hidden);
}

/** Notes what commander has found: lists of texts, a text, or `true` for a flag that stood alone. */
function note(texts: Map<string, readonly string[]>, name: string, found: unknown): void {
  if (found !== undefined) texts.set(name, (Array.isArray(found) ? found : [found]).map(String));
}

function footer({ examples, settings }: Command, path: string): string {
  const lines = examples.map(({ does, line }) => `  # ${does}\n  ${line}`);
  const shown = lines.length === 0 ? '' : `\nExamples:\n${lines.join('\n\n')}\n`;
  if (settings !== 'all') return shown;
  const intro = `Every setting is a flag, an environment variable (${variableOf('data_dir')} for --data-dir), and a line in the
settings file (data_dir = DIR), which --config FILE or ${CONFIG_VARIABLE} names, in the form of doris_cloud.conf. A flag wins
over a variable, a variable over the file. ${path} takes them all:`;
  return `${shown}\n${intro}\n\n${settingsHelp()}`;
}

/** What is wrong with the arguments of a command, in our words. What stands behind a flag may be a secret, and is not repeated. */
export function usageFault(error: CommanderError, command: Command): string {
  const said = error.message.replace(/^error: /, '');
  if (error.code !== 'commander.unknownOption') return said;
  const [, flag = ''] = /'(--[^='\s]*|-[^-'])/.exec(said) ?? [];
  const flags = flagsOf(command).map(({ name }) => flagOf(name));
  if (flags.includes(flag)) return `${flag} takes no value`;
  const meant = nearest(flag, flags);
  return `there is no flag ${flag}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

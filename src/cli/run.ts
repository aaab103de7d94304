import type { Environment } from '../config/environment.ts';
import { type Flags, readFlags } from '../config/flags.ts';
import { type LoadedSettings, loadSettings } from '../config/load.ts';
import { nearest } from '../config/nearest.ts';
import { SettingsError } from '../config/settings-error.ts';
import { showSettings } from '../config/show.ts';
import { ExitCode } from './exit-code.ts';
import { helpText } from './help.ts';
import { restore } from './restore/restore.ts';
import { serve } from './serve.ts';
import type { Terminal } from './terminal.ts';
import { readVersion } from './version.ts';

type Command = (loaded: LoadedSettings, terminal: Terminal, flags: Flags) => ExitCode | Promise<ExitCode>;

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: (loaded, terminal) => serve(loaded, terminal, readVersion()),
  config: (loaded, terminal) => {
    terminal.out(`${showSettings(loaded)}\n`);
    for (const warning of loaded.warnings) terminal.err(`nereus: ${warning}\n`);
    return ExitCode.Done;
  },
  restore: ({ settings }, terminal, { pairs }) => restore(settings, pairs, terminal),
};

/** Runs the command that the arguments name, and resolves with the exit code when it has come to its end. */
export async function run(args: readonly string[], environment: Environment, terminal: Terminal): Promise<ExitCode> {
  const flags = readFlags(args);
  if (flags.help) {
    terminal.out(helpText(readVersion()));
    return ExitCode.Done;
  }
  if (flags.version) {
    terminal.out(`nereus ${readVersion()}\n`);
    return ExitCode.Done;
  }
  const command = commandOf(flags, terminal);
  const loaded = command === undefined ? undefined : settingsOf(flags, environment, terminal);
  return command === undefined || loaded === undefined ? ExitCode.Usage : command(loaded, terminal, flags);
}

function commandOf({ words, pairs, for_serve }: Flags, terminal: Terminal): Command | undefined {
  const [name = 'serve', extra] = words;
  // Elsewhere it would promise what nobody keeps: that nothing is done.
  if (for_serve.length > 0 && name !== 'serve' && name !== 'config') {
    terminal.err(`nereus: ${for_serve[0]} is for nereus serve alone\n`);
    return undefined;
  }
  if (pairs !== undefined && name !== 'restore') {
    terminal.err('nereus: --pairs is for nereus restore alone\n');
    return undefined;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined && extra === undefined) return command;
  const meant = command === undefined ? nearest(name, Object.keys(COMMANDS)) : undefined;
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const problem = command === undefined ? `there is no command ${JSON.stringify(name)}` : `${name} takes only flags`;
  terminal.err(`nereus: ${problem}${hint} (nereus --help lists all)\n`);
  return undefined;
}

function settingsOf(flags: Flags, environment: Environment, terminal: Terminal): LoadedSettings | undefined {
  try {
    return loadSettings(flags, environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const problem of error.problems) terminal.err(`nereus: ${problem}\n`);
    return undefined;
  }
}

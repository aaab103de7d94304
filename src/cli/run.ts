import type { Environment } from '../config/environment.ts';
import { type Flags, readFlags } from '../config/flags.ts';
import { loadSettings } from '../config/load.ts';
import { SettingsError } from '../config/settings-error.ts';
import { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';
import { readVersion } from './version.ts';

/**
 * Runs the command that the arguments name, and resolves with the exit code when it has come to its end. What serving does
 * not need is not even loaded for it.
 */
export async function run(args: readonly string[], environment: Environment, terminal: Terminal): Promise<ExitCode> {
  const [first] = args;
  if (first === 'help' || first === 'version') return run([...args.slice(1), `--${first}`], environment, terminal);
  if (first !== undefined && first !== 'serve' && !first.startsWith('-')) {
    const { runCommand } = await import('./program/run-command.ts');
    return runCommand(args, environment, terminal);
  }
  const flags = readFlags(args);
  if (flags.help) {
    const { printHelp } = await import('./program/run-command.ts');
    printHelp(flags.words, terminal);
    return ExitCode.Done;
  }
  if (flags.version) {
    terminal.out(`nereus ${readVersion()}\n`);
    return ExitCode.Done;
  }
  return runServe(args, flags, environment, terminal);
}

async function runServe(
  args: readonly string[],
  flags: Flags,
  environment: Environment,
  terminal: Terminal,
): Promise<ExitCode> {
  try {
    const [, extra] = flags.words;
    if (extra !== undefined) throw new SettingsError(['serve takes only flags (nereus serve --help lists them)']);
    const loaded = loadSettings(flags, environment);
    const { serve } = await import('./serve.ts');
    return await serve(loaded, terminal, readVersion());
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const problem of error.problems) terminal.err(`nereus: ${problem}\n`);
    const behind = await commandBehindFlags(args);
    if (behind !== undefined) terminal.err(`nereus: commands come before flags, as in nereus ${behind} --help\n`);
    return ExitCode.Usage;
  }
}

/** The word of a command among arguments that begin with a flag, where serving is not meant. */
async function commandBehindFlags(args: readonly string[]): Promise<string | undefined> {
  const { commandTable } = await import('./commands.ts');
  const names = [...commandTable.commands, ...commandTable.nouns].map(({ name }) => name);
  return args[0]?.startsWith('-') ? args.find((arg) => names.includes(arg)) : undefined;
}

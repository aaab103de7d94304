import { CommanderError } from 'commander';
import type { Environment } from '../../config/environment.ts';
import { flagOf } from '../../config/flags.ts';
import { usage } from '../command-error.ts';
import { commandTable } from '../commands.ts';
import { ExitCode } from '../exit-code.ts';
import { plain, plainLines } from '../show/plain.ts';
import { jsonText, type Report } from '../show/report.ts';
import type { Terminal } from '../terminal.ts';
import { readVersion } from '../version.ts';
import { type Found, findCommand } from './find-command.ts';
import { flagsOf } from './flags-of-command.ts';
import { buildProgram, type Parsed, usageFault } from './program.ts';
import { refuseSecrets } from './refuse-secrets.ts';
import { RunningCommand } from './running-command.ts';

/** Runs the command that the arguments name, and resolves with the exit code when it has come to its end. */
export async function runCommand(
  args: readonly string[],
  environment: Environment,
  terminal: Terminal,
): Promise<ExitCode> {
  const json = args.includes('--json');
  let running: RunningCommand | undefined;
  try {
    const parsed = parse(args, terminal);
    if (parsed === undefined) return ExitCode.Done;
    running = new RunningCommand(parsed, environment, terminal);
    return shown(await running.run(), terminal, json);
  } catch (error) {
    const { failureOf } = await import('../show/failure.ts');
    const failure = failureOf(error, () => running?.tokenAdvice ?? '');
    if (failure === undefined) throw error;
    const { code, lines, facts } = failure;
    if (json) terminal.err(`${jsonText({ error: { exit_code: code, message: lines.join('\n'), ...facts } })}\n`);
    else for (const line of lines) terminal.err(`nereus: ${plain(line)}\n`);
    return code;
  } finally {
    running?.close();
  }
}

/** Prints what `nereus --help` says, or with words what `nereus <words> --help` says. */
export function printHelp(path: readonly string[], terminal: Terminal): void {
  try {
    programFor(terminal, () => undefined).parse([...path, '--help'], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
}

function shown(report: Report | ExitCode, { out, columns }: Terminal, json: boolean): ExitCode {
  if (typeof report === 'number') return report;
  const text = json ? jsonText(report.json) : plainLines(report.text(columns));
  if (text !== '') out(`${text}\n`);
  return report.code ?? ExitCode.Done;
}

/** What the arguments name, or undefined when they asked for help and got it. Throws a CommandError. */
function parse(args: readonly string[], terminal: Terminal): Parsed | undefined {
  const found = findCommand(commandTable, args);
  const { path, command, rest } = found;
  if (rest.includes('--help') || rest.includes('-h')) {
    // With `nereus config --help` one wants to know what there is, not about the verb that is meant without one.
    printHelp(
      path.filter((word, at) => word === args[at]),
      terminal,
    );
    return undefined;
  }
  const words = ['nereus', ...path].join(' ');
  if (command === undefined) {
    const verbs = commandTable.nouns.find(({ name }) => name === path[0])?.commands.map(({ name }) => name) ?? [];
    throw usage(`${words} needs one of ${verbs.join(', ')} (${words} --help says what each does)`);
  }
  refuseSecrets(command, rest);
  let parsed: Parsed | undefined;
  const program = programFor(terminal, (taken) => {
    parsed = taken;
  });
  try {
    program.parse([...path, ...withHyphens(found)], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw usage(`${usageFault(error, command)} (${words} --help says how it is used)`);
  }
  return parsed;
}

function programFor(terminal: Terminal, take: (parsed: Parsed) => void) {
  return buildProgram({ ...commandTable, version: readVersion(), terminal, take });
}

/** The arguments, with flags as `--data_dir` as `--data-dir`. */
function withHyphens({ command, rest }: Found): string[] {
  const known = new Set(command === undefined ? [] : flagsOf(command).map(({ name }) => flagOf(name)));
  return rest.map((arg) => {
    const [flag = ''] = arg.split('=', 1);
    const hyphens = flag.replaceAll('_', '-');
    return known.has(hyphens) ? hyphens + arg.slice(flag.length) : arg;
  });
}

import { type Given, Rank, type Source } from './given.ts';
import { boolean } from './kind.ts';
import { isSettingName, SERVE_FLAGS, SETTINGS } from './settings.ts';

/** Settings that were given as flags. */
export interface SettingFlags extends Source {
  /** The settings file. */
  readonly config: string | undefined;
}

export interface Flags extends SettingFlags {
  /** The words before the first flag. */
  readonly words: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
}

/** `data_dir` -> `--data-dir`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll('_', '-')}`;
}

/**
 * Reads `--name VALUE` and `--name=VALUE`, with hyphens or underscores. A yes-or-no flag may stand alone for true.
 * The last of a repeated flag wins, so that a wrapper script can be overruled.
 */
export function readFlags(args: readonly string[]): Flags {
  const words: string[] = [];
  const given: Given[] = [];
  const problems: string[] = [];
  let config: string | undefined;
  let help = false;
  let version = false;

  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--help' || arg === '-h') help = true;
    else if (arg === '--version' || arg === '-v') version = true;
    else if (!arg.startsWith('-') && index === words.length) words.push(arg);
    else if (!arg.startsWith('--')) {
      // The argument itself may be part of a secret that lost its quotes, so only its place is told.
      problems.push(`argument ${index + 1} is neither a flag (--name VALUE) nor the value of one`);
    } else {
      const equals = arg.indexOf('=');
      const flag = equals === -1 ? arg : arg.slice(0, equals);
      const written = flag.slice(2).replaceAll('-', '_');
      const name = SERVE_FLAGS.get(written) ?? written;
      const next = args[index + 1];
      let text = equals === -1 ? undefined : arg.slice(equals + 1);
      if (text === undefined && takesNext(name, next)) {
        text = next;
        index++;
      }
      text ??= isBoolean(name) ? 'true' : undefined;
      if (text === undefined) problems.push(`${flag}: needs a value, as in ${flag} VALUE`);
      else if (name === 'config') config = text;
      else given.push({ name, text, rank: Rank.flag, from: flag });
    }
  }
  return { words, given, problems, config, help, version };
}

function isBoolean(name: string): boolean {
  return isSettingName(name) && SETTINGS[name].kind === boolean;
}

function takesNext(name: string, next: string | undefined): next is string {
  if (next === undefined) return false;
  return isBoolean(name) ? boolean.parse(next) !== undefined : !next.startsWith('--');
}

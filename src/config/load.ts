import { readFileSync } from 'node:fs';
import { CONFIG_VARIABLE, type Environment, readEnvironment } from './environment.ts';
import { flagOf, type SettingFlags } from './flags.ts';
import { type Given, Rank, type Source } from './given.ts';
import type { Kind } from './kind.ts';
import { nearest } from './nearest.ts';
import { readProperties } from './properties.ts';
import { REFERENCE_NAMES, refusedReferenceValue, whyWithoutEffect } from './reference-names.ts';
import { contradictions, idleSettings, resolvePort } from './rules.ts';
import {
  isSettingName,
  SECRET_NAMES,
  SERVE_FLAGS,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type Settings,
} from './settings.ts';
import { SettingsError } from './settings-error.ts';

export interface LoadedSettings {
  readonly settings: Settings;
  /** Where each value came from: `nereus.conf:3`, `NEREUS_LISTEN`, `--listen`, `default`. */
  readonly origins: ReadonlyMap<SettingName, string>;
  /** What is accepted and yet worth a line in the log. No secret is in it. */
  readonly warnings: readonly string[];
}

/** What stands for a secret wherever settings are shown. */
export const MASK = '******';

const FILE_SUFFIX = '_file';

/** Merges flags over environment over file over defaults. Throws a SettingsError that names every problem at once. */
export function loadSettings(flags: SettingFlags, environment: Environment): LoadedSettings {
  const sources = [readConfigFile(flags, environment), readEnvironment(environment), flags];
  const problems = sources.flatMap((source) => source.problems);
  const warnings: string[] = [];
  const chosen = new Map<SettingName, Given>();

  for (const given of sources.flatMap((source) => source.given)) {
    const name = targetOf(given.name);
    if (name === undefined) {
      judgeUnknown(given, problems, warnings);
      continue;
    }
    const before = chosen.get(name);
    if (before?.rank === given.rank && before.name !== given.name) {
      problems.push(`${given.from}: ${given.name} and ${before.name} (${before.from}) say the same: give one of them`);
    } else if (before?.rank === Rank.file && given.rank === Rank.file) {
      warnings.push(`${given.from}: ${given.name} was already set in ${before.from}; the later one counts`);
    }
    chosen.set(name, given);
  }

  const values = new Map<SettingName, unknown>();
  for (const name of SETTING_NAMES) values.set(name, checkedValue(name, chosen.get(name), problems));
  if (problems.length > 0) throw new SettingsError(problems);

  const settings = resolvePort(Object.fromEntries(values) as unknown as Settings, {
    listen: chosen.get('listen')?.rank ?? Rank.default,
    port: chosen.get('brpc_listen_port')?.rank ?? Rank.default,
  });
  const contradicting = contradictions(settings);
  if (contradicting.length > 0) throw new SettingsError(contradicting);
  for (const name of idleSettings(settings)) {
    const given = chosen.get(name);
    if (given !== undefined)
      warnings.push(`${given.from}: ${name} has no effect: kv = ${settings.kv} does not need it`);
  }
  const origins = new Map(SETTING_NAMES.map((name) => [name, chosen.get(name)?.from ?? 'default'] as const));
  return { settings, origins, warnings };
}

function readConfigFile(flags: SettingFlags, environment: Environment): Source {
  const fromVariable = environment[CONFIG_VARIABLE] || undefined;
  const file = flags.config ?? fromVariable;
  if (file === undefined) return { given: [], problems: [] };
  try {
    return readProperties(readFileSync(file, 'utf8'), file, environment);
  } catch (error) {
    const from = flags.config === undefined ? CONFIG_VARIABLE : '--config';
    return { given: [], problems: [`${from}: the file ${file} can't be read: ${codeOf(error)}`] };
  }
}

/** The setting that a name stands for: its own, or that of a secret for the name with `_file`. */
function targetOf(name: string): SettingName | undefined {
  if (isSettingName(name)) return name;
  return SECRET_NAMES.find((secret) => secret + FILE_SUFFIX === name);
}

function judgeUnknown(given: Given, problems: string[], warnings: string[]): void {
  const why = given.rank === Rank.file ? whyWithoutEffect(given.name) : undefined;
  if (why !== undefined) {
    const refused = refusedReferenceValue(given.name, given.text);
    if (refused === undefined) warnings.push(`${given.from}: ${given.name} has no effect: ${why}`);
    else problems.push(`${given.from}: ${given.name} ${refused}`);
    return;
  }
  const known: string[] = [...SETTING_NAMES, ...SECRET_NAMES.map((name) => name + FILE_SUFFIX), 'config'];
  if (given.rank === Rank.file) known.push(...REFERENCE_NAMES.flatMap((group) => group.names));
  if (given.rank === Rank.flag) known.push(...SERVE_FLAGS.keys());
  const meant = SERVE_FLAGS.get(given.name) ?? nearest(given.name, known);
  const hint = meant === undefined ? '' : `; did you mean ${given.rank === Rank.flag ? flagOf(meant) : meant}?`;
  problems.push(
    `${given.from}: there is no setting ${JSON.stringify(given.name)}${hint} (nereus serve --help lists all)`,
  );
}

function checkedValue(name: SettingName, given: Given | undefined, problems: string[]): unknown {
  const setting = SETTINGS[name];
  const kind: Kind<unknown> = setting.kind;
  if (given === undefined) return kind.parse(setting.default);
  const text = given.name === name ? given.text : readSecretFile(given, problems);
  if (text === undefined) return undefined;
  const value = kind.parse(text);
  if (value === undefined) {
    const shown = setting.secret ? MASK : JSON.stringify(text);
    problems.push(`${given.from}: ${name} must be ${kind.allowed}; it is ${shown}`);
  }
  return value;
}

/** What a secret's file holds, without the line ends that editors put after it. */
function readSecretFile(given: Given, problems: string[]): string | undefined {
  try {
    return readFileSync(given.text, 'utf8').replace(/[\r\n]+$/, '');
  } catch (error) {
    problems.push(`${given.from}: the file ${given.text} can't be read: ${codeOf(error)}`);
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

import { boolean, type Kind, text } from '../../config/kind.ts';
import { SECRET_NAMES, SERVE_FLAGS, SETTING_NAMES, SETTINGS, type SettingName } from '../../config/settings.ts';
import { connectionOptions, fileKind } from '../service/connection.ts';
import type { CommandFacts, Values } from './command.ts';
import { flag, optional, type Value } from './value.ts';

/** A flag of a command, with where it stands in the help. */
export interface FlagOfCommand {
  /** In snake case. */
  readonly name: string;
  readonly value: Value<unknown>;
  readonly group: 'Options:' | 'Service:' | 'Settings:';
  /** Whether the help has it in a place of its own. */
  readonly hidden: boolean;
}

const COMMON: Values = { json: flag('One JSON document in place of text, also for errors') };
const CONFIG: Values = { config: optional(fileKind, 'The settings file') };

/** Every flag of a command: its own, those of its secrets and questions, those of the service, and its settings. */
export function flagsOf(command: CommandFacts): FlagOfCommand[] {
  const secrets = Object.entries(command.secrets ?? {}).map(([name, meaning]) => [
    `${name}_file`,
    optional(fileKind, `A file that holds ${meaning}`),
  ]);
  const own: Values = {
    ...command.options,
    ...Object.fromEntries(secrets),
    ...(command.asks && { yes: flag('Do it without asking') }),
    ...(!command.without_json && COMMON),
  };
  return [
    ...entries(own, 'Options:', false),
    ...entries(command.calls_service ? connectionOptions : {}, 'Service:', false),
    ...(command.settings === undefined ? [] : settingFlags(command.settings)),
  ];
}

function settingFlags(settings: 'all' | readonly SettingName[]): FlagOfCommand[] {
  const all = settings === 'all';
  const names = all ? SETTING_NAMES : settings;
  const values = names.flatMap((name) => {
    const { kind, meaning } = SETTINGS[name];
    const shown = meaning.replaceAll('`', '');
    // What they hold is checked together with what the file and the environment say.
    const unchecked: Kind<unknown> = isBoolean(kind)
      ? boolean
      : text({ placeholder: kind.placeholder, allowed: kind.allowed });
    const own = [name, optional(unchecked, shown.replace(/\.$/, ''))] as const;
    const file = `${name}_file`;
    return isSecret(name) ? [own, [file, optional(fileKind, `A file that holds the ${name}`)] as const] : [own];
  });
  const named = entries(Object.fromEntries(values), 'Settings:', all);
  return [...entries(CONFIG, 'Settings:', false), ...named, ...(all ? otherNames(named) : [])];
}

/** The other flags that settings have where the service is meant. */
function otherNames(named: readonly FlagOfCommand[]): FlagOfCommand[] {
  return [...SERVE_FLAGS].flatMap(([name, setting]) => {
    const flag = named.find((one) => one.name === setting);
    return flag === undefined ? [] : [{ ...flag, name }];
  });
}

function entries(values: Values, group: FlagOfCommand['group'], hidden: boolean): FlagOfCommand[] {
  return Object.entries(values).map(([name, value]) => ({ name, value, group, hidden }));
}

function isSecret(name: SettingName): boolean {
  return SECRET_NAMES.some((one) => one === name);
}

function isBoolean(kind: Kind<unknown>): boolean {
  return kind === boolean;
}

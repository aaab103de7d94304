import { type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { nearest } from '../../config/nearest.ts';
import { readProperties } from '../../config/properties.ts';
import { readSmallFile } from '../ask/small-file.ts';
import { usage } from '../command-error.ts';

/** What a profile may say of a service. */
const PROFILE_NAMES = ['endpoint', 'token', 'token_file', 'tls_ca', 'timeout_ms'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** A profile: what its file says, with paths as seen from here. */
export interface Profile {
  readonly file: string;
  readonly values: Readonly<Partial<Record<ProfileName, string>>>;
  /** What about it should be mended. */
  readonly warnings: readonly string[];
}

const BY_DEFAULT = 'default';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const OTHERS = 0o077;
const WRITERS = 0o022;

/** Where the file of a profile is: `nereus/profiles/<name>.conf` in the user's folder for settings. */
function profileFile(name: string, environment: Environment): string {
  const home = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config');
  return join(home, 'nereus', 'profiles', `${name}.conf`);
}

/**
 * Reads the profile of this name, or without one that of the name `default`, which may be missing. Throws a CommandError
 * that quotes no value, since it may be a token.
 */
export function readProfile(name: string | undefined, environment: Environment): Profile | undefined {
  if (name !== undefined && !NAME.test(name)) {
    throw usage('the name of a profile is of letters, digits, dots, hyphens and underscores');
  }
  const file = profileFile(name ?? BY_DEFAULT, environment);
  const found = foundFile(file);
  if (found === undefined) {
    if (name === undefined) return undefined;
    throw usage(`there is no profile ${name}: its file ${file} is missing`);
  }
  const { given, problems } = readProperties(readSmallFile(file, '--profile'), file, environment);
  const unknown = given.filter(({ name }) => !isProfileName(name));
  const faults = [...problems, ...unknown.map(({ name, from }) => unknownName(name, from))];
  if (faults.length > 0) throw usage(faults.join('\n'));
  const here = dirname(file);
  const values = Object.fromEntries(
    given.map(({ name, text }) => [name, name === 'token_file' || name === 'tls_ca' ? resolve(here, text) : text]),
  ) as Profile['values'];
  if (values.token !== undefined && values.token_file !== undefined) {
    throw usage(`${file}: token and token_file say the same: give one`);
  }
  return { file, values, warnings: warningsAbout(file, found.mode, values.token !== undefined) };
}

function foundFile(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    // A folder on the way that may not be read, or links that lead round and round.
    throw usage(`the profile ${file} can't be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function warningsAbout(file: string, mode: number, holdsToken: boolean): string[] {
  if ((mode & WRITERS) !== 0) return [`others can write ${file}, and so choose where your token goes: chmod 600 it`];
  if (holdsToken && (mode & OTHERS) !== 0) return [`others can read ${file}, which holds a token: chmod 600 it`];
  return [];
}

function isProfileName(name: string): boolean {
  return PROFILE_NAMES.some((one) => one === name);
}

function unknownName(name: string, from: string): string {
  const meant = nearest(name, PROFILE_NAMES);
  const hint = meant === undefined ? `known are ${PROFILE_NAMES.join(', ')}` : `did you mean ${meant}?`;
  return `${from}: a profile has no ${JSON.stringify(name)}; ${hint}`;
}

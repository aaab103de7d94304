import { statSync } from 'node:fs';
import { type Environment, variableOf } from '../../config/environment.ts';
import { flagOf } from '../../config/flags.ts';
import { integer, type Kind, text } from '../../config/kind.ts';
import { SETTINGS } from '../../config/settings.ts';
import { askUnseen } from '../ask/question.ts';
import { givenSecret, readSecretFile } from '../ask/secret.ts';
import { readSmallFile } from '../ask/small-file.ts';
import { usage } from '../command-error.ts';
import type { Context, Read } from '../program/command.ts';
import { flag, optional } from '../program/value.ts';
import type { Person } from '../terminal.ts';
import { type Profile, type ProfileName, readProfile } from './profile.ts';

export const fileKind = text({ placeholder: 'FILE', allowed: 'the path of a file', pattern: /./ });
const timeoutKind = integer({ placeholder: 'MS', min: 1, max: 2 ** 31 - 1 });
const endpointKind = text({ placeholder: 'URL', allowed: 'http://HOST:PORT or https://HOST:PORT', pattern: /./ });
const ENDPOINT = 'http://127.0.0.1:5000';
const TIMEOUT_MS = 10_000;

/** The flags that say where the service is and how to speak to it. */
export const connectionOptions = {
  endpoint: optional(endpointKind, `Where the service is, ${ENDPOINT} by default; several of one store with commas`),
  token_file: optional(fileKind, 'A file that holds the token of the service'),
  ask_token: flag('Ask for the token'),
  tls_ca: optional(fileKind, 'The certificates, in PEM, by which https is trusted, in place of those of Node.js'),
  timeout_ms: optional(timeoutKind, `How long to wait for an answer, ${TIMEOUT_MS} by default`),
  profile: optional(
    text({ placeholder: 'NAME' }),
    'The profile that says what flags and environment leave open, default by default',
  ),
} as const;

/** What they are given as. */
export type ConnectionFlags = Read<typeof connectionOptions>;

/** How a service is reached. */
export interface Connection {
  readonly endpoints: readonly string[];
  readonly token: string;
  /** Whether nobody gave a token, so that this is the one that Doris has by default. */
  readonly token_by_default: boolean;
  readonly tls_ca?: string;
  readonly timeout_ms: number;
}

/** Who can be asked, and told. */
interface Caller extends Pick<Context, 'note'> {
  readonly person: Person | undefined;
}

/** Puts together what flags, environment and profile say, the first that says it. Rejects with a CommandError. */
export async function connectionOf(
  flags: ConnectionFlags,
  environment: Environment,
  caller: Caller,
): Promise<Connection> {
  const profile = readProfile(flags.profile ?? variable(environment, 'profile'), environment);
  for (const warning of profile?.warnings ?? []) caller.note(warning);
  const elsewhere = flags.endpoint ?? variable(environment, 'endpoint');
  const endpoint = elsewhere ?? profile?.values.endpoint ?? ENDPOINT;
  const token = await tokenOf(flags, environment, caller, elsewhere === undefined ? profile : undefined);
  const tls_ca = flags.tls_ca ?? variable(environment, 'tls_ca') ?? profile?.values.tls_ca;
  return {
    endpoints: endpoint.split(','),
    token: token ?? SETTINGS.http_token.default,
    token_by_default: token === undefined,
    ...(tls_ca !== undefined && { tls_ca: readSmallFile(tls_ca, '--tls-ca') }),
    timeout_ms: flags.timeout_ms ?? given('timeout_ms', timeoutKind, environment, profile) ?? TIMEOUT_MS,
  };
}

/** The token, undefined where nobody gives one. That of a profile is for the endpoint of the profile, and for no other. */
async function tokenOf(
  { token_file, ask_token }: ConnectionFlags,
  environment: Environment,
  { person, note }: Caller,
  profile: Profile | undefined,
): Promise<string | undefined> {
  if (ask_token) {
    if (token_file !== undefined) throw usage('--ask-token and --token-file exclude each other');
    if (person === undefined) throw usage('--ask-token: nobody can be asked, since standard input is no terminal');
    return askUnseen(person, 'Token: ');
  }
  const path = token_file ?? variable(environment, 'token_file') ?? profile?.values.token_file;
  if (path !== undefined && isOpenToAll(path)) note(`everybody can read ${path}, which holds a token`);
  const token = givenSecret('token', { file: token_file, environment });
  if (token !== undefined) return token;
  if (profile?.values.token_file === undefined) return profile?.values.token;
  return readSecretFile(profile.values.token_file, `${profile.file}: token_file`);
}

const READ_BY_ALL = 0o004;

function isOpenToAll(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && (found.mode & READ_BY_ALL) !== 0;
}

function given<T>(
  name: ProfileName,
  kind: Kind<T>,
  environment: Environment,
  profile: Profile | undefined,
): T | undefined {
  const fromVariable = variable(environment, name);
  const text = fromVariable ?? profile?.values[name];
  if (text === undefined) return undefined;
  const value = kind.parse(text);
  if (value !== undefined) return value;
  throw usage(`${fromVariable === undefined ? `${profile?.file}: ${name}` : variableOf(name)} must be ${kind.allowed}`);
}

/** An empty variable counts as not given, as it does for settings. */
function variable(environment: Environment, name: keyof ConnectionFlags | ProfileName): string | undefined {
  return environment[variableOf(name)] || undefined;
}

/** What to say about a token that was wrong. */
export function tokenAdvice({ token_by_default }: Pick<Connection, 'token_by_default'>): string {
  const ways = `${flagOf('token_file')} FILE, ${variableOf('token')}, ${flagOf('ask_token')} or a profile`;
  return token_by_default ? `none was given, so the default of Doris was tried: give one by ${ways}` : `see ${ways}`;
}

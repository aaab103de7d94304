import { type Given, Rank, type Source } from './given.ts';

const PREFIX = 'NEREUS_';

/** The variable that names the settings file. */
export const CONFIG_VARIABLE = `${PREFIX}CONFIG`;

/** Names of variables that are for commands which call a service, and are no settings. */
const OF_COMMANDS: ReadonlySet<string> = new Set(
  ['endpoint', 'token', 'token_file', 'tls_ca', 'timeout_ms', 'profile', 'ak', 'ak_file', 'sk', 'sk_file'].map(
    (name) => PREFIX + name.toUpperCase(),
  ),
);

export type Environment = Readonly<Record<string, string | undefined>>;

/** `listen` -> `NEREUS_LISTEN`. */
export function variableOf(name: string): string {
  return PREFIX + name.toUpperCase();
}

/** Every variable of ours. An empty one counts as not given, since that is how `${X:-}` arrives from compose files. */
export function readEnvironment(environment: Environment): Source {
  const given: Given[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || variable === CONFIG_VARIABLE || OF_COMMANDS.has(variable)) continue;
    if (text === undefined || text === '' || isServiceLink(variable, text)) continue;
    given.push({ name: variable.slice(PREFIX.length).toLowerCase(), text, rank: Rank.environment, from: variable });
  }
  return { given, problems: [] };
}

/** Kubernetes describes a service named "nereus", or "nereus-meta", to every pod in variables like these. They are not for us. */
function isServiceLink(variable: string, text: string): boolean {
  if (/_SERVICE_(HOST|PORT(_\w+)?)$/.test(variable)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$/.test(variable)) return true;
  return variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text);
}

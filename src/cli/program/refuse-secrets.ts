import { variableOf } from '../../config/environment.ts';
import { flagOf } from '../../config/flags.ts';
import { usage } from '../command-error.ts';
import type { CommandFacts } from './command.ts';
import { flagsOf } from './flags-of-command.ts';

/** What people call a secret. */
const LOOKS_SECRET = /^--?(token|http-token|password|passwd|secret|sk|ak|secret-key|access-key|secret-access-key)$/;

/**
 * Refuses a secret among the arguments, which everybody on the machine can read in the list of processes, and says how it
 * can be given. Throws a CommandError, which does not repeat it.
 */
export function refuseSecrets(command: CommandFacts, args: readonly string[]): void {
  const taken = new Set(flagsOf(command).map(({ name }) => flagOf(name)));
  for (const arg of args) {
    if (arg === '--') return;
    const name = (arg.split('=', 1)[0] ?? '').replaceAll('_', '-');
    if (taken.has(name) || !LOOKS_SECRET.test(name)) continue;
    throw usage(
      `${name} is not taken: everybody on this machine can read the arguments of a process. ${waysFor(name, command)}`,
    );
  }
}

function waysFor(flag: string, { secrets = {}, calls_service }: CommandFacts): string {
  const name = flag.replace(/^--?/, '').replaceAll('-', '_');
  const asked = Object.hasOwn(secrets, name);
  if (asked)
    return `Put it into a file and give ${flagOf(`${name}_file`)} FILE, or set ${variableOf(name)}, or be asked`;
  if (calls_service && /token/.test(name)) {
    return 'Put it into a file and give --token-file FILE, or set NEREUS_TOKEN, or be asked with --ask-token';
  }
  const others = Object.keys(secrets).map((one) => `${flagOf(`${one}_file`)} FILE`);
  return others.length === 0 ? 'This command needs none' : `It reads secrets from ${others.join(' and ')}`;
}

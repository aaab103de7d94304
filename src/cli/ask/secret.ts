import { type Environment, variableOf } from '../../config/environment.ts';
import { flagOf } from '../../config/flags.ts';
import { usage } from '../command-error.ts';
import type { Person } from '../terminal.ts';
import { askUnseen } from './question.ts';
import { readSmallFile } from './small-file.ts';

export interface SecretSources {
  /** What `--<name>-file` says. */
  readonly file: string | undefined;
  readonly environment: Environment;
  readonly person: Person | undefined;
}

/** A secret from its file, or from the environment; undefined where neither names it. Throws a CommandError. */
export function givenSecret(name: string, { file, environment }: Omit<SecretSources, 'person'>): string | undefined {
  if (file !== undefined) return readSecretFile(file, flagOf(`${name}_file`));
  const variable = variableOf(name);
  const fileVariable = variableOf(`${name}_file`);
  const [text, path] = [environment[variable] || undefined, environment[fileVariable] || undefined];
  if (text !== undefined && path !== undefined) throw usage(`${variable} and ${fileVariable} say the same: give one`);
  return path === undefined ? text : readSecretFile(path, fileVariable);
}

/** A secret as it is given, or from whoever is asked. Rejects with a CommandError where there is none. */
export async function secretOf(name: string, meaning: string, sources: SecretSources): Promise<string> {
  const given = givenSecret(name, sources);
  if (given !== undefined) return given;
  if (sources.person === undefined) {
    const ways = `give ${flagOf(`${name}_file`)} FILE or ${variableOf(name)}`;
    throw usage(`${meaning} is needed, and nobody can be asked, since standard input is no terminal: ${ways}`);
  }
  const answer = await askUnseen(sources.person, `${meaning.slice(0, 1).toUpperCase()}${meaning.slice(1)}: `);
  if (answer === '') throw usage(`${meaning} can't be empty`);
  return answer;
}

/** What a file holds, without the line ends that editors put after it. Throws a CommandError. */
export function readSecretFile(path: string, name: string): string {
  const text = readSmallFile(path, name).replace(/[\r\n]+$/, '');
  if (text === '') throw usage(`${name}: the file ${path} is empty`);
  return text;
}

import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';

type Json = Readonly<Record<string, unknown>>;

/** The list of that name in what a service has answered. Throws a CommandError where there is none, or not one of objects. */
export function listIn(answered: Json, name: string, operation: string): readonly Json[] {
  const list = answered[name];
  if (Array.isArray(list) && list.every(isObject)) return list;
  throw misunderstood(operation, `a list of ${name.replaceAll('_', ' ')}`);
}

/** The names in the list of that name. Throws a CommandError where there are none. */
export function namesIn(answered: Json, name: string, operation: string): readonly string[] {
  const list = answered[name];
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  throw misunderstood(operation, `a list of ${name.replaceAll('_', ' ')}`);
}

/** What was answered, which must be an object. Throws a CommandError where it is none. */
export function objectIn(answered: unknown, operation: string): Json {
  if (isObject(answered)) return answered;
  throw misunderstood(operation, 'an object');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function misunderstood(operation: string, wanted: string): CommandError {
  return new CommandError(
    ExitCode.Failed,
    `${operation} was answered without ${wanted}: is it a Meta Service that answers?`,
  );
}

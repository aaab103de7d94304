import { randomBytes } from 'node:crypto';
import type { LogFields, Logger } from '../observe/logger.ts';

/**
 * Logs what only a defect of the service can have thrown, and returns the id under which the line is found. A caller is
 * told the id alone: the error's own text may hold what it must not see.
 */
export function logDefect(logger: Logger, error: unknown, fields: LogFields): string {
  const error_id = randomBytes(6).toString('hex');
  logger.error('a request failed unexpectedly', { error_id, ...fields, error });
  return error_id;
}

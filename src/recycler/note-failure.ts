import { StoreError, StoreErrorCode } from '../kv/store-error.ts';
import { messageOf } from '../observe/message-of.ts';
import type { SweepContext } from './sweep.ts';

/** What is stored contradicts itself, or names what is not there: nothing of it is removed. Its message has no secret in it. */
export class ContradictionError extends Error {
  override readonly name = 'ContradictionError';
}

/**
 * Notes that something which was due could not go, and that it stays to be found again. Throws the error where there is no
 * use in going on: the sweep has to end, or the store is closed.
 */
export function noteFailure(
  { signal, progress, logger, instance_id }: Pick<SweepContext, 'signal' | 'progress' | 'logger' | 'instance_id'>,
  what: string,
  error: unknown,
): void {
  signal.throwIfAborted();
  if (error instanceof StoreError && error.code === StoreErrorCode.Closed) throw error;
  progress.failed(1, `${what}: ${messageOf(error)}`);
  logger.warn('something could not be recycled', { instance_id, what, error });
}

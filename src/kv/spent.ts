import type { Awaitable } from '../awaitable.ts';

/**
 * Where the time of a caller's transactions went, in milliseconds, over all of them. Only what may take long is timed: to
 * look at the clock takes longer than to read a key.
 */
export class Spent {
  /** For pages of ranges, for many keys at a time, and for single keys from an engine that has to ask for them. */
  read_ms = 0;
  /** From the call of `commit` until the writes were on disk, or refused. */
  commit_ms = 0;
  /** For attempts that failed, whatever they did, and for the pauses after them. */
  retry_ms = 0;
}

/** Reads of fewer keys at a time are not timed. */
export const MANY_KEYS = 16;

/** Runs a read, and adds how long it takes, be it done at once or later. */
export function timedRead<T>(spent: Spent | undefined, read: () => Awaitable<T>): Awaitable<T> {
  if (spent === undefined) return read();
  const began_ms = performance.now();
  const result = read();
  if (result instanceof Promise) return untilRead(spent, result, began_ms);
  spent.read_ms += performance.now() - began_ms;
  return result;
}

/** Adds how long a read takes that is not done yet. */
export function untilRead<T>(spent: Spent, read: Promise<T>, began_ms = performance.now()): Promise<T> {
  return read.finally(() => {
    spent.read_ms += performance.now() - began_ms;
  });
}

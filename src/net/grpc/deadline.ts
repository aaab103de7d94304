import type { CallHead } from './call-head.ts';
import { GrpcCode, GrpcError } from './status.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer for the deadline of a call, if it has one: it hands over the error that the call then ends with. */
export function callTimer({ timeout_ms }: CallHead, fail: (error: GrpcError) => void): NodeJS.Timeout | undefined {
  if (timeout_ms === undefined) return undefined;
  const late = () => fail(new GrpcError(GrpcCode.deadline_exceeded, 'the deadline has passed'));
  return setTimeout(late, Math.min(Math.ceil(timeout_ms), LONGEST_TIMER_MS));
}

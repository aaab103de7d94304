import type { ErrorKind } from './client-error.ts';

/** An attempt that got no answer of the service: what a transport rejects with. Its message may quote the request. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: ErrorKind;
  readonly maybe_executed: boolean;

  constructor(kind: ErrorKind, message: string, { maybe_executed }: { readonly maybe_executed: boolean }) {
    super(message);
    this.kind = kind;
    this.maybe_executed = maybe_executed;
  }
}

/** What a connection's error says, which is nothing of what was sent over it. */
export function textOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/**
 * The failure that an HTTP status is, which came instead of an answer. With 503 the service says that it did not begin, as
 * brpc does; a proxy that gives up on its backend says 502 or 504.
 */
export function failureOfStatus(status: number, text: string): Failure {
  const message = `HTTP ${status}${text === '' ? '' : `: ${text.slice(0, LONGEST_QUOTED).trim()}`}`;
  if (status === 503 || status === 429) return new Failure('busy', message, { maybe_executed: false });
  if (status === 502 || status === 504) return new Failure('unavailable', message, { maybe_executed: true });
  if (status >= 400 && status < 500) return new Failure('bad_request', message, { maybe_executed: false });
  if (status >= 500) return new Failure('failed', message, { maybe_executed: true });
  return new Failure('protocol', message, { maybe_executed: true });
}

const LONGEST_QUOTED = 2_000;

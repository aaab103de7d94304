import type { IncomingHttpHeaders } from 'node:http2';
import type { ErrorKind } from '../client-error.ts';
import { Failure } from '../failure.ts';

interface Meaning {
  readonly kind: ErrorKind;
  readonly maybe_executed: boolean;
}

const NOT_TAKEN: Meaning = { kind: 'bad_request', maybe_executed: false };
const FAILED: Meaning = { kind: 'failed', maybe_executed: true };

/**
 * The status codes of gRPC, by their numbers, and what they say of a call. UNAVAILABLE and RESOURCE_EXHAUSTED are how a
 * service says that it did not begin with the call: brpc answers the first when it has too much to do, or is stopping.
 * ABORTED is how Nereus says that the call was run, and that its answer found no room.
 */
const STATUSES: readonly (readonly [string, Meaning])[] = [
  ['OK', { kind: 'protocol', maybe_executed: true }],
  ['CANCELLED', { kind: 'unavailable', maybe_executed: true }],
  ['UNKNOWN', FAILED],
  ['INVALID_ARGUMENT', NOT_TAKEN],
  ['DEADLINE_EXCEEDED', { kind: 'deadline', maybe_executed: true }],
  ['NOT_FOUND', NOT_TAKEN],
  ['ALREADY_EXISTS', FAILED],
  ['PERMISSION_DENIED', NOT_TAKEN],
  ['RESOURCE_EXHAUSTED', { kind: 'busy', maybe_executed: false }],
  ['FAILED_PRECONDITION', FAILED],
  ['ABORTED', { kind: 'busy', maybe_executed: true }],
  ['OUT_OF_RANGE', FAILED],
  ['UNIMPLEMENTED', NOT_TAKEN],
  ['INTERNAL', FAILED],
  ['UNAVAILABLE', { kind: 'unavailable', maybe_executed: false }],
  ['DATA_LOSS', FAILED],
  ['UNAUTHENTICATED', NOT_TAKEN],
];

export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
}

/** The status in trailers, or in headers without a body; undefined where there is none. */
export function statusIn(headers: IncomingHttpHeaders): GrpcStatus | undefined {
  const code = headers['grpc-status'];
  if (typeof code !== 'string' || !/^\d{1,9}$/.test(code)) return undefined;
  const message = headers['grpc-message'];
  return { code: Number(code), message: typeof message === 'string' ? percentDecoded(message) : '' };
}

/** The failure that a status is which comes without a message. */
export function failureOfGrpcStatus({ code, message }: GrpcStatus): Failure {
  const [name, { kind, maybe_executed }] = STATUSES[code] ?? [`status ${code}`, FAILED];
  const text = code === 0 ? 'OK, without a message' : message === '' ? name : `${name} ${message}`;
  return new Failure(kind, text, { maybe_executed });
}

/** Invalid escapes stay as they are, as gRPC asks for. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

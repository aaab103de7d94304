import { failureOfNetwork, faultOfStatus } from '../failures.ts';
import type { ObjectStoreFault } from '../object-store-error.ts';
import type { Failure } from '../requests.ts';

/** Codes whose meaning their status does not tell. */
const FAULTS: Readonly<Record<string, ObjectStoreFault>> = {
  RequestTimeout: 'unavailable',
  TimeoutError: 'unavailable',
  SlowDown: 'unavailable',
  InternalError: 'unavailable',
  ServiceUnavailable: 'unavailable',
  OperationAborted: 'unavailable',
  Throttling: 'unavailable',
  ThrottlingException: 'unavailable',
  TooManyRequests: 'unavailable',
  RequestLimitExceeded: 'unavailable',
  // The client has learned the storage's time from it, and signs with that from now on.
  RequestTimeTooSkewed: 'unavailable',
  AccessDenied: 'denied',
  ExpiredToken: 'denied',
  InvalidToken: 'denied',
  CredentialsProviderError: 'denied',
  NoSuchBucket: 'missing',
  InvalidBucketName: 'misconfigured',
  AuthorizationHeaderMalformed: 'misconfigured',
  PermanentRedirect: 'misconfigured',
  IllegalLocationConstraintException: 'misconfigured',
};

/** What it means when the client of S3 throws. */
export function failureOfS3(error: unknown): Failure {
  if (!(error instanceof Error)) return { fault: 'failed', reason: 'for no reason that it gives' };
  const status = statusOf(error);
  const code = codeOf(error);
  const known = FAULTS[code];
  if (status === undefined && known === undefined) {
    const unexpected = { fault: 'failed', reason: `${code} ${error.message}` } as const;
    return failureOfNetwork(error) ?? unexpected;
  }
  const fault = known ?? faultOfStatus(status ?? 0);
  const figure = status === undefined ? '' : ` (${status})`;
  // A refusal may quote what it was asked with; its code says enough.
  return { fault, reason: fault === 'denied' ? `${code}${figure}` : `${code}${figure} ${error.message}` };
}

/** What the code of one key in the answer to a deletion of many means. */
export function faultOfCode(code: string): ObjectStoreFault {
  return FAULTS[code] ?? 'failed';
}

/** The status of the answer, be it one that was understood or not. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly statusCode?: number };
  };
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** `AccessDenied`; where an answer has no code, the client's own name for it. */
function codeOf(error: Error): string {
  const { Code: code } = error as { readonly Code?: unknown };
  return typeof code === 'string' && code !== '' ? code : error.name;
}

import { failureOfNetwork, faultOfStatus } from '../failures.ts';
import type { ObjectStoreFault } from '../object-store-error.ts';
import type { Failure } from '../requests.ts';

/** What the service throws, by the names of the classes in Java. */
const FAULTS: Readonly<Record<string, ObjectStoreFault>> = {
  AccessControlException: 'denied',
  AuthorizationException: 'denied',
  AuthenticationException: 'denied',
  SecurityException: 'denied',
  FileNotFoundException: 'missing',
  StandbyException: 'unavailable',
  SafeModeException: 'unavailable',
  RetriableException: 'unavailable',
  ServerTooBusyException: 'unavailable',
  NotReplicatedYetException: 'unavailable',
  // Another request for the same file is still under way, or was given up.
  AlreadyBeingCreatedException: 'unavailable',
  RecoveryInProgressException: 'unavailable',
  InvalidToken: 'denied',
  UnsupportedOperationException: 'failed',
  IllegalArgumentException: 'failed',
};

/** A refusal of WebHDFS. */
export class HdfsRefusal extends Error {
  override readonly name = 'HdfsRefusal';

  constructor(
    readonly status: number,
    /** The name of the class in Java: `FileNotFoundException`. Empty for an answer that is not of WebHDFS. */
    readonly exception: string,
    message: string,
    /** Whether it asks for a login by Kerberos. */
    readonly negotiate: boolean,
  ) {
    super(message);
  }
}

export const NO_KERBEROS = 'it asks for a login by Kerberos, which is not supported: only the name of a user is';

/** What it means when a request to WebHDFS throws. */
export function failureOfHdfs(error: unknown): Failure {
  if (!(error instanceof Error)) return { fault: 'failed', reason: 'for no reason that it gives' };
  if (!(error instanceof HdfsRefusal)) {
    // What `fetch` throws says no more than that it failed; why is behind it.
    const why = error.cause instanceof Error ? error.cause.message : '';
    return failureOfNetwork(error) ?? { fault: 'failed', reason: `${error.name} ${error.message} ${why}`.trim() };
  }
  const { status, exception, message, negotiate } = error;
  if (negotiate) return { fault: 'misconfigured', reason: NO_KERBEROS };
  if (exception !== '') {
    // Without a class that is known, a refusal of the service is none of the user.
    const fault = FAULTS[exception] ?? (status === 403 ? 'failed' : faultOfStatus(status));
    return { fault, reason: `${exception} ${message}` };
  }
  if (status === 404) return { fault: 'misconfigured', reason: 'there is no WebHDFS at that address (404)' };
  const what = message === '' ? 'an answer' : message;
  return { fault: faultOfStatus(status), reason: `${what} with the status ${status}` };
}

/** Whether another name node may know what this one doesn't. */
export function isOfOneNode(error: unknown): boolean {
  return error instanceof HdfsRefusal ? error.exception === 'StandbyException' : failureOfNetwork(error) !== undefined;
}

/** Whether it means that there is nothing at a path. */
export function isNotFound(error: unknown): boolean {
  return error instanceof HdfsRefusal && error.exception === 'FileNotFoundException';
}

/** Whether it means that the service is too old for an operation. */
export function isUnknownOperation(error: unknown): boolean {
  return (
    error instanceof HdfsRefusal &&
    error.status === 400 &&
    ['IllegalArgumentException', 'UnsupportedOperationException', 'QueryParamException'].includes(error.exception)
  );
}

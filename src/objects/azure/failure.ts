import { failureOfNetwork, faultOfStatus } from '../failures.ts';
import type { ObjectStoreFault } from '../object-store-error.ts';
import type { Failure } from '../requests.ts';

/** Codes whose meaning their status does not tell. */
const FAULTS: Readonly<Record<string, ObjectStoreFault>> = {
  ServerBusy: 'unavailable',
  OperationTimedOut: 'unavailable',
  InternalError: 'unavailable',
  // The container is on its way out; whoever makes one of that name has to wait.
  ContainerBeingDeleted: 'missing',
  AccountRequiresHttps: 'misconfigured',
  InvalidUri: 'misconfigured',
  InvalidResourceName: 'misconfigured',
};

/** What it means when the client of Azure throws. */
export function failureOfAzure(error: unknown): Failure {
  if (!(error instanceof Error)) return { fault: 'failed', reason: 'for no reason that it gives' };
  const { statusCode: status } = error as { readonly statusCode?: unknown };
  const name = codeOfAzure(error) ?? error.name;
  if (typeof status !== 'number') {
    const known = failureOfNetwork(error);
    if (known) return known;
    const unsent = name === 'REQUEST_SEND_ERROR';
    return { fault: unsent ? 'unavailable' : 'failed', reason: `${name} ${error.message}` };
  }
  // The messages of this service tell what was signed; its codes say enough.
  return failureOfCode(name, status);
}

/** `BlobNotFound`. An answer without a body has it in a header alone. */
export function codeOfAzure(error: unknown): string | undefined {
  const { code, response } = error as {
    readonly code?: unknown;
    readonly response?: { readonly headers?: { get(name: string): string | undefined } };
  };
  return typeof code === 'string' && code !== '' ? code : response?.headers?.get('x-ms-error-code');
}

/** What a code in an answer means. */
export function failureOfCode(code: string, status: number): Failure {
  return { fault: FAULTS[code] ?? faultOfStatus(status), reason: `${code} (${status})` };
}

import type { ObjectStoreFault } from './object-store-error.ts';
import type { Failure } from './requests.ts';

/** Codes of Node.js for a certificate that is not accepted, or a server that speaks no TLS at all. */
const TLS_CODES =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:VERIFY|GET_ISSUER)|HOSTNAME_MISMATCH|EPROTO$)/;
const ADDRESS_CODES: ReadonlySet<string> = new Set(['ERR_INVALID_URL', 'ERR_INVALID_PROTOCOL', 'ERR_SOCKET_BAD_PORT']);

/** Those of the operating system, of `fetch`, and of a connection that ends within an answer. */
const NETWORK_CODES = /^(?:E(?!RR_)[A-Z_]{3,}|UND_ERR_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET_CLOSED)$/;

/** What the status of an answer means, as far as it tells. */
export function faultOfStatus(status: number): ObjectStoreFault {
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'missing';
  if (status === 408 || status === 425 || status === 429) return 'unavailable';
  // A server that does not know how to do something won't learn it.
  if (status >= 500 && status !== 501 && status !== 505) return 'unavailable';
  if (status >= 300 && status < 400) return 'misconfigured';
  return 'failed';
}

/** What an error without an answer means, or undefined for one that is not about the network. */
export function failureOfNetwork(error: unknown): Failure | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    // Where several addresses were tried, each has failed in its own way.
    if (at instanceof AggregateError && at.errors.length > 0) return failureOfNetwork(at.errors[0]);
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    if (TLS_CODES.test(code) || ADDRESS_CODES.has(code)) {
      return { fault: 'misconfigured', reason: `${code} ${at.message}` };
    }
    if (NETWORK_CODES.test(code)) return { fault: 'unavailable', reason: `${code} ${at.message}` };
  }
  return undefined;
}

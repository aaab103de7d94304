/** Why a connection can't go on: what its bytes were, and what to tell the peer. */
export interface Fault {
  readonly status: number;
  readonly text: string;
}

export const TOO_MANY_PIPELINED: Fault = {
  status: 503,
  text: 'too many requests were sent without waiting for answers\n',
};

export const NO_TUNNELS: Fault = { status: 405, text: 'this is not a proxy\n' };

/** What to answer to bytes that are no HTTP request, or undefined when the connection is gone and there is nobody to answer. */
export function faultOf(error: Error & { code?: string; reason?: string }): Fault | undefined {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ETIMEDOUT':
    case 'ECONNABORTED':
      return undefined;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, text: 'the request did not arrive in time\n' };
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, text: 'the request line and the headers are larger than max_header_bytes allows\n' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, text: 'the extensions of a chunk are too large\n' };
    default:
      return { status: 400, text: `the request is not valid HTTP${error.reason ? `: ${error.reason}` : ''}\n` };
  }
}

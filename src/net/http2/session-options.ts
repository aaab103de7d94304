import type { ServerOptions } from 'node:http2';

export type SessionOptions = ServerOptions;

/**
 * What a peer may send of one request, and of all requests of its connection, before it has to wait for us to have read it.
 * It is read at once, so that these bound what is on its way: a network of 10 Gbit/s and 1 ms between two machines holds
 * about a MiB.
 */
export const STREAM_WINDOW_BYTES = 1024 * 1024;
export const CONNECTION_WINDOW_BYTES = 8 * STREAM_WINDOW_BYTES;

/** Calls at a time on one connection. A client waits with further ones; one that doesn't has them refused. */
export const MOST_STREAMS = 1024;

const MIB = 1024 * 1024;

/** Limits on what one connection may ask of node:http2, where its defaults are not ours. */
export function sessionOptions({ max_header_bytes, max_buffered_bytes }: SessionLimits): SessionOptions {
  return {
    settings: {
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxConcurrentStreams: MOST_STREAMS,
      maxHeaderListSize: max_header_bytes,
    },
    // What answers hold is bounded over all connections; this would refuse calls of one that has a large answer to read.
    maxSessionMemory: Math.ceil((2 * max_buffered_bytes) / MIB) + MOST_STREAMS,
  };
}

export interface SessionLimits {
  readonly max_header_bytes: number;
  readonly max_buffered_bytes: number;
}

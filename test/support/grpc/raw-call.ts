import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';

/** All that came back on one stream. */
export interface RawReply {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Undefined where there were none. */
  readonly trailers: IncomingHttpHeaders | undefined;
  /** How the stream ended, as a code of HTTP/2. */
  readonly code: number;
}

export const GET_VERSION = '/doris.cloud.MetaService/get_version';

const HEADERS = { ':method': 'POST', ':path': GET_VERSION, 'content-type': 'application/grpc', te: 'trailers' };

/** A client of HTTP/2 without manners: sends whatever it is told to. */
export class RawGrpc {
  readonly session: ClientHttp2Session;

  constructor(base: string, options: ClientSessionOptions = {}) {
    // By default, what waits to be sent may leave no memory for an answer.
    this.session = connect(base, { maxSessionMemory: 1000, ...options });
    this.session.on('error', () => undefined);
  }

  /** Begins a call, which is to be written and ended. A header that is undefined is left out. */
  open(headers: Readonly<Record<string, string | undefined>> = {}): ClientHttp2Stream {
    const given = Object.entries({ ...HEADERS, ...headers }).filter(([, value]) => value !== undefined);
    const stream = this.session.request(Object.fromEntries(given), { endStream: false });
    stream.on('error', () => undefined);
    return stream;
  }

  /** Makes a whole call with these bytes, frames included. */
  call(body: Uint8Array, headers: Readonly<Record<string, string | undefined>> = {}): Promise<RawReply> {
    const stream = this.open(headers);
    const reply = replyOf(stream);
    stream.end(body);
    return reply;
  }

  close(): void {
    this.session.destroy();
  }
}

export function replyOf(stream: ClientHttp2Stream): Promise<RawReply> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders | undefined;
    stream.on('response', (all) => {
      headers = all;
    });
    stream.on('trailers', (all) => {
      trailers = all;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('close', () => resolve({ headers, body: Buffer.concat(chunks), trailers, code: stream.rstCode }));
  });
}

/** A message in its frame. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The status of gRPC, which stands in the trailers, or in the headers where there is no message. */
export function statusOf({ headers, trailers }: RawReply): number {
  return Number((trailers ?? headers)['grpc-status']);
}

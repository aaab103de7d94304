import { FLAG, FRAME, FRAME_HEAD_BYTES, frame } from './frames.ts';

/** Indexes of HPACK's static table (RFC 7541, appendix A). */
const STATIC = { authority: 1, method_post: 3, path: 4, scheme_http: 6, content_type: 31, user_agent: 58 } as const;
const FIRST_DYNAMIC = 62;

const LITERAL_KEPT = 0x40;
const INDEXED = 0x80;

/** A call by gRPC: where, and with which message. */
export interface GrpcRequest {
  /** `/doris.cloud.MetaService/get_version` */
  readonly path: string;
  readonly message: Uint8Array;
  /** As in the header of this name. */
  readonly grpc_timeout: string;
}

/**
 * One call again and again, as bytes. The first one on a connection names its headers, and the server remembers them; every
 * further one refers to them, as clients do. Only the deadline, which is another each time, is spelt out.
 */
export class RepeatedRequest {
  readonly #first: Buffer;
  readonly #further: Buffer;

  constructor({ path, message, grpc_timeout }: GrpcRequest) {
    const names = [INDEXED | STATIC.method_post, INDEXED | STATIC.scheme_http];
    const kept = [
      indexedName(STATIC.path, path),
      indexedName(STATIC.authority, 'bench'),
      indexedName(STATIC.content_type, 'application/grpc'),
      newName('te', 'trailers'),
      indexedName(STATIC.user_agent, 'grpc-bench/1'),
      newName('grpc-accept-encoding', 'gzip'),
    ];
    const timeout = Buffer.concat([Buffer.of(0), text('grpc-timeout'), text(grpc_timeout)]);
    // The newest has the lowest index, and pseudo-headers must stay the first.
    const remembered = kept.map((_, i) => INDEXED | (FIRST_DYNAMIC + kept.length - 1 - i));
    this.#first = call(Buffer.concat([Buffer.from(names), ...kept, timeout]), message);
    this.#further = call(Buffer.concat([Buffer.from([...names, ...remembered]), timeout]), message);
  }

  /** The frames of one call on the stream with this number. */
  on(stream: number, isFirst: boolean): Buffer {
    const bytes = Buffer.from(isFirst ? this.#first : this.#further);
    const data = FRAME_HEAD_BYTES + bytes.readUIntBE(0, 3);
    bytes.writeUInt32BE(stream, 5);
    bytes.writeUInt32BE(stream, data + 5);
    return bytes;
  }
}

function call(headers: Buffer, message: Uint8Array): Buffer {
  return Buffer.concat([
    frame(FRAME.headers, FLAG.end_headers, 0, headers),
    frame(FRAME.data, FLAG.end_stream, 0, framed(message)),
  ]);
}

/** A message as gRPC frames it. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function indexedName(index: number, value: string): Buffer {
  return Buffer.concat([Buffer.of(LITERAL_KEPT | index), text(value)]);
}

function newName(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(LITERAL_KEPT), text(name), text(value)]);
}

/** Without Huffman's code, and shorter than the 127 bytes whose length takes one byte. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(value.length), Buffer.from(value, 'latin1')]);
}

import type { IncomingHttpHeaders } from 'node:http2';
import { type CallOrigin, originOf } from '../../rpc/call-origin.ts';
import { ENCODINGS } from './gzip.ts';
import { GrpcCode, GrpcError } from './status.ts';
import { readTimeout } from './timeout.ts';

/** What the headers of a call say besides its method. */
export interface CallHead {
  /** Whether its messages may be compressed, and so may their answers. */
  readonly gzip: boolean;
  readonly accepts_gzip: boolean;
  /** Undefined for a call without a deadline. */
  readonly timeout_ms: number | undefined;
  readonly origin: CallOrigin;
}

/** The content types of gRPC, and among them those with messages in protobuf's binary form. */
const GRPC = /^application\/grpc(?:$|[+;-]|\s)/i;
const GRPC_PROTO = /^application\/grpc(?:\+proto)?\s*(?:$|;)/i;
const GZIP = /(?:^|,)\s*gzip\s*(?:,|$)/;

export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && GRPC.test(contentType);
}

/** Whether messages of a content type of gRPC can be read here. */
export function isReadable(contentType: string | undefined): boolean {
  return contentType !== undefined && GRPC_PROTO.test(contentType);
}

/** @throws {GrpcError} for an encoding that is not known, and for a deadline that is none. */
export function readCallHead(headers: IncomingHttpHeaders): CallHead {
  const encoding = headers['grpc-encoding'];
  if (encoding !== undefined && encoding !== 'gzip' && encoding !== 'identity') {
    const message = `the only encodings that are known are ${ENCODINGS}`;
    throw new GrpcError(GrpcCode.unimplemented, message, { 'grpc-accept-encoding': ENCODINGS });
  }
  const timeout = headers['grpc-timeout'];
  const timeout_ms = timeout === undefined ? undefined : readTimeout(String(timeout));
  if (timeout !== undefined && timeout_ms === undefined)
    throw new GrpcError(GrpcCode.internal, 'malformed grpc-timeout');
  return {
    gzip: encoding === 'gzip',
    accepts_gzip: encoding === 'gzip' && GZIP.test(String(headers['grpc-accept-encoding'] ?? '')),
    timeout_ms,
    origin: originOf(headers),
  };
}

import type { OutgoingHttpHeaders } from 'node:http2';
import type { LogFields, Logger } from '../../observe/logger.ts';
import type { CallOrigin } from '../../rpc/call-origin.ts';
import { logDefect } from '../defect.ts';
import type { Exchange } from '../http2/exchange.ts';
import { RpcFault } from '../rpc-fault.ts';
import { CODE_OF_FAULT, GrpcCode, GrpcError, percentEncoded } from './status.ts';

const CONTENT_TYPE = 'application/grpc';

/** What an answer with messages begins with. */
export const ANSWER_HEADERS: OutgoingHttpHeaders = { ':status': 200, 'content-type': CONTENT_TYPE };
export const GZIP_HEADERS: OutgoingHttpHeaders = { ...ANSWER_HEADERS, 'grpc-encoding': 'gzip' };
/** What an answer with messages ends with when all went well. */
export const OK_TRAILERS: OutgoingHttpHeaders = { 'grpc-status': GrpcCode.ok };

/** The trailers that tell of an error. */
export function trailersOf(error: GrpcError): OutgoingHttpHeaders {
  return { 'grpc-status': error.code, 'grpc-message': percentEncoded(error.message), ...error.headers };
}

/** Answers a call with an error alone, whether its request has come whole or not. `headers` go with it. */
export function fail(exchange: Exchange, error: GrpcError, headers?: OutgoingHttpHeaders): void {
  exchange.answerAtOnce({ ...ANSWER_HEADERS, ...headers, ...trailersOf(error) });
}

/** These headers, and the id that the caller has given its call. */
export function withRequestId(headers: OutgoingHttpHeaders, { request_id }: CallOrigin): OutgoingHttpHeaders {
  return request_id === undefined ? headers : { ...headers, 'x-request-id': request_id };
}

/** What a caller is told of an error. Anything but a fault is a defect, of which only the log tells more. */
export function errorOf(error: unknown, logger: Logger, fields: LogFields): GrpcError {
  if (error instanceof GrpcError) return error;
  if (error instanceof RpcFault) return new GrpcError(CODE_OF_FAULT[error.kind], error.message);
  const errorId = logDefect(logger, error, fields);
  return new GrpcError(GrpcCode.internal, `unexpected error, the log tells more about error_id=${errorId}`);
}

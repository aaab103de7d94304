import { connect, constants } from 'node:http2';
import type { Connect } from './transport.ts';

const PREFIX_BYTES = 5;

/** Unary calls of gRPC, on one connection. */
export const overGrpc: Connect = async (port) => {
  const session = connect(`http://127.0.0.1:${port}`);
  return {
    call: (method, request) =>
      new Promise((resolve, reject) => {
        const stream = session.request({
          [constants.HTTP2_HEADER_METHOD]: 'POST',
          [constants.HTTP2_HEADER_PATH]: `/doris.cloud.MetaService/${method}`,
          [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
          [constants.HTTP2_HEADER_TE]: 'trailers',
        });
        const parts: Buffer[] = [];
        let status: unknown;
        // A call that fails has its status among the headers.
        stream.on('response', (headers) => {
          status ??= headers['grpc-status'];
        });
        stream.on('trailers', (trailers) => {
          status ??= trailers['grpc-status'];
        });
        stream.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
        stream.on('end', () => {
          if (status === '0') resolve(Buffer.concat(parts).subarray(PREFIX_BYTES));
          else reject(new Error(`${method} ended with grpc-status ${status}`));
        });
        const prefix = Buffer.alloc(PREFIX_BYTES);
        prefix.writeUInt32BE(request.length, 1);
        stream.end(Buffer.concat([prefix, request]));
      }),
    close: () => session.destroy(),
  };
};

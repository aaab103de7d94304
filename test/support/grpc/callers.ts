import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { ConnectError, type Transport } from '@connectrpc/connect';
import { compressionGzip, createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import * as grpc from '@grpc/grpc-js';
import type { MetaService } from '../../../src/schema/gen/cloud/meta_service_pb.ts';

type Method = (typeof MetaService)['method'][keyof (typeof MetaService)['method']];
type Response<M extends Method> = MessageShape<M['output']>;

export interface CallOptions {
  readonly timeout_ms?: number;
  readonly signal?: AbortSignal;
}

/** A client of gRPC that somebody else has written. */
export interface GrpcCaller {
  call<M extends Method>(method: M, request: MessageShape<M['input']>, options?: CallOptions): Promise<Response<M>>;
  close(): void;
}

/** What a call came to that was not answered with a message. */
export class GrpcFailure extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export interface CallerOptions {
  /** Compresses all requests, and takes compressed answers. */
  readonly gzip?: boolean;
}

/** The clients that the tests of gRPC are run with. */
export const CALLERS: Readonly<Record<string, (base: string, options?: CallerOptions) => GrpcCaller>> = {
  '@grpc/grpc-js': (base, { gzip = false } = {}) => {
    const client = new grpc.Client(base.replace('http://', ''), grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      ...(gzip && { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip }),
    });
    return {
      call: (method, request, options = {}) => callByGrpcJs(client, method, request, options),
      close: () => client.close(),
    };
  },
  '@connectrpc/connect-node': (base, { gzip = false } = {}) => {
    const sessionManager = new Http2SessionManager(base);
    const transport = createGrpcTransport({
      baseUrl: base,
      sessionManager,
      ...(gzip && { sendCompression: compressionGzip, compressMinBytes: 0 }),
    });
    return {
      call: (method, request, options = {}) => callByConnect(transport, method, request, options),
      close: () => sessionManager.abort(),
    };
  },
};

function callByGrpcJs<M extends Method>(
  client: grpc.Client,
  method: M,
  request: MessageShape<M['input']>,
  { timeout_ms, signal }: CallOptions,
): Promise<Response<M>> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: MessageShape<DescMessage>) => Buffer.from(toBinary<DescMessage>(method.input, message)),
      (bytes) => fromBinary<DescMessage>(method.output, bytes) as Response<M>,
      request,
      new grpc.Metadata(),
      timeout_ms === undefined ? {} : { deadline: Date.now() + timeout_ms },
      (error, response) => {
        if (error) reject(new GrpcFailure(error.code, error.details));
        else if (response) resolve(response);
        else reject(new Error('there is neither an error nor a response'));
      },
    );
    signal?.addEventListener('abort', () => call.cancel());
  });
}

async function callByConnect<M extends Method>(
  transport: Transport,
  method: M,
  request: MessageShape<M['input']>,
  { timeout_ms, signal }: CallOptions,
): Promise<Response<M>> {
  try {
    const { message } = await transport.unary<DescMessage, DescMessage>(method, signal, timeout_ms, undefined, request);
    return message as Response<M>;
  } catch (error) {
    if (error instanceof ConnectError) throw new GrpcFailure(error.code, error.rawMessage);
    throw error;
  }
}

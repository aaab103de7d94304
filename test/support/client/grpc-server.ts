import { type handleUnaryCall, Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import { MetaService } from '../../../src/schema/gen/cloud/meta_service_pb.ts';

export interface GrpcServer {
  /** `http://127.0.0.1:PORT` */
  readonly base: string;
  stop(): void;
}

/** Answers a method, with bytes for bytes. */
export type Answering = (method: string, request: Buffer) => Promise<Uint8Array>;

/** gRPC by somebody else's server, whose methods are answered with what `answer` says. */
export async function startGrpcServer(answer: Answering): Promise<GrpcServer> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const asItIs = (bytes: Buffer) => bytes;
  const methods = MetaService.methods.map(({ name }) => name);
  const definition: ServiceDefinition = Object.fromEntries(
    methods.map((name) => [
      name,
      {
        path: `/${MetaService.typeName}/${name}`,
        ...{ requestStream: false, responseStream: false },
        ...{ requestSerialize: asItIs, requestDeserialize: asItIs },
        ...{ responseSerialize: asItIs, responseDeserialize: asItIs },
      },
    ]),
  );
  const handler =
    (name: string): handleUnaryCall<Buffer, Buffer> =>
    ({ request }, callback) => {
      answer(name, request).then(
        (response) => callback(null, Buffer.from(response)),
        (error: Error & { code?: status }) => callback({ code: error.code ?? status.INTERNAL, details: error.message }),
      );
    };
  server.addService(definition, Object.fromEntries(methods.map((name) => [name, handler(name)])));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { base: `http://127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

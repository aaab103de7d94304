import type { UnaryMethod } from '../../rpc/service.ts';
import type { BinaryRpc } from '../binary-rpc.ts';
import type { Exchange, Receiver } from '../http2/exchange.ts';
import type { RequestHead } from '../http2/http2-connection.ts';
import { RpcFault } from '../rpc-fault.ts';
import { errorOf, fail } from './answer.ts';
import { isReadable, readCallHead } from './call-head.ts';
import { GrpcCode, GrpcError } from './status.ts';
import { StreamingCall, type StreamingMethod } from './streaming-call.ts';
import { UnaryCall, type UnaryOptions } from './unary-call.ts';

export interface GrpcCallsOptions extends UnaryOptions {
  readonly rpc: Pick<BinaryRpc, 'find' | 'call'>;
  /** Methods that are served beside those of the service, by path. */
  readonly streaming: ReadonlyMap<string, StreamingMethod>;
}

/** Calls by gRPC, whichever connection of HTTP/2 they come by. */
export class GrpcCalls {
  readonly #options: GrpcCallsOptions;
  /** The methods that have been called, by path. */
  readonly #methods = new Map<string, UnaryMethod>();

  constructor(options: GrpcCallsOptions) {
    this.#options = options;
  }

  /** Takes a request over whose content type is one of gRPC. */
  take(exchange: Exchange, head: RequestHead): void {
    const { headers, remote } = head;
    const path = headers[':path'] ?? '';
    try {
      if (headers[':method'] !== 'POST') refuse(exchange, 405, 'calls by gRPC are POST requests\n', { allow: 'POST' });
      else if (!isReadable(headers['content-type'])) refuse(exchange, 415, 'messages must be application/grpc+proto\n');
      else exchange.receive(this.#begin(exchange, path, head));
    } catch (error) {
      fail(exchange, errorOf(error, this.#options.logger, { path, remote }));
    }
  }

  #begin(exchange: Exchange, path: string, { headers, remote, isDraining }: RequestHead): Receiver {
    const head = readCallHead(headers);
    const streaming = this.#options.streaming.get(path);
    if (streaming !== undefined) return new StreamingCall(exchange, streaming, head, isDraining, this.#options);
    return new UnaryCall(exchange, this.#methods.get(path) ?? this.#find(path), head, remote, this.#options);
  }

  #find(path: string): UnaryMethod {
    const slash = path.indexOf('/', 1);
    const service = path.slice(1, slash === -1 ? undefined : slash);
    const name = slash === -1 ? '' : path.slice(slash + 1);
    try {
      const method = this.#options.rpc.find(service, name);
      this.#methods.set(path, method);
      return method;
    } catch (error) {
      throw error instanceof RpcFault && name === OPERATIONS ? servedByHttp() : error;
    }
  }
}

/** The method that stands for the admin API in the services. */
const OPERATIONS = 'http';

function servedByHttp(): GrpcError {
  return new GrpcError(GrpcCode.unimplemented, 'operations are served over HTTP, at /MetaService/http/<operation>');
}

function refuse(exchange: Exchange, status: number, text: string, headers?: Readonly<Record<string, string>>): void {
  exchange.answerAtOnce({ ':status': status, 'content-type': 'text/plain', ...headers }, [Buffer.from(text)]);
}

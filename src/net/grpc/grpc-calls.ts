import type { UnaryMethod } from '../../rpc/service.ts';
import type { BinaryRpc } from '../binary-rpc.ts';
import type { Exchange } from '../http2/exchange.ts';
import type { RequestHead } from '../http2/http2-connection.ts';
import { errorOf, fail } from './answer.ts';
import { isReadable, readCallHead } from './call-head.ts';
import { UnaryCall, type UnaryOptions } from './unary-call.ts';

export interface GrpcCallsOptions extends UnaryOptions {
  readonly rpc: Pick<BinaryRpc, 'find' | 'call'>;
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
  take(exchange: Exchange, { headers, remote }: RequestHead): void {
    const path = headers[':path'] ?? '';
    try {
      if (headers[':method'] !== 'POST') refuse(exchange, 405, 'calls by gRPC are POST requests\n', { allow: 'POST' });
      else if (!isReadable(headers['content-type'])) refuse(exchange, 415, 'messages must be application/grpc+proto\n');
      else {
        const method = this.#methods.get(path) ?? this.#find(path);
        exchange.receive(new UnaryCall(exchange, method, readCallHead(headers), remote, this.#options));
      }
    } catch (error) {
      fail(exchange, errorOf(error, this.#options.logger, { path, remote }));
    }
  }

  #find(path: string): UnaryMethod {
    const slash = path.indexOf('/', 1);
    const service = path.slice(1, slash === -1 ? undefined : slash);
    const method = this.#options.rpc.find(service, slash === -1 ? '' : path.slice(slash + 1));
    this.#methods.set(path, method);
    return method;
  }
}

function refuse(exchange: Exchange, status: number, text: string, headers?: Readonly<Record<string, string>>): void {
  exchange.answerAtOnce({ ':status': status, 'content-type': 'text/plain', ...headers }, [Buffer.from(text)]);
}

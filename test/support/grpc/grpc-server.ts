import type { HttpHandler } from '../../../src/admin/http-types.ts';
import { ByteBudget } from '../../../src/net/byte-budget.ts';
import type { Connections } from '../../../src/net/connections.ts';
import { FairTurns } from '../../../src/net/fair-turns.ts';
import { isGrpc } from '../../../src/net/grpc/call-head.ts';
import { GrpcCalls } from '../../../src/net/grpc/grpc-calls.ts';
import { standardServices } from '../../../src/net/grpc/standard-services.ts';
import { Http2Front, type Http2FrontOptions } from '../../../src/net/http2/http2-front.ts';
import { PlainRequest } from '../../../src/net/http2/plain-request.ts';
import { InFlight } from '../../../src/net/in-flight.ts';
import { RpcFault } from '../../../src/net/rpc-fault.ts';
import type { UnaryMethod } from '../../../src/rpc/service.ts';
import { MetaService } from '../../../src/schema/gen/cloud/meta_service_pb.ts';
import { listenWith } from '../listen.ts';
import { loggerTo } from '../logger-to.ts';

export interface GrpcUnderTest {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly base: string;
  readonly front: Http2Front;
  readonly buffered: ByteBudget;
  readonly connections: Connections;
  /** The log lines so far. */
  readonly log: string[];
  stop(): Promise<void>;
}

/** What answers calls: encoded requests in, encoded responses out. */
export type Answering = (request: Uint8Array, untilSent?: (release: () => void) => void) => Promise<Uint8Array>;

const NOTHING: HttpHandler = () => ({ status: 404, body: '' });

/** Listens on a free port with `call` alone behind it, for every method of MetaService: no settings, no store. */
export async function startGrpc(
  call: Answering,
  {
    max_buffered_bytes = 1024 * 1024,
    max_body_bytes = 1024,
    handler = NOTHING,
    ...options
  }: Partial<Http2FrontOptions> & {
    readonly max_buffered_bytes?: number;
    readonly max_body_bytes?: number;
    readonly handler?: HttpHandler;
  } = {},
): Promise<GrpcUnderTest> {
  const log: string[] = [];
  const logger = loggerTo((line) => log.push(line));
  const buffered = new ByteBudget(max_buffered_bytes);
  const common = { logger, buffered, max_body_bytes, decompressions: new FairTurns(4) };
  const rpc = {
    find,
    call: (_: UnaryMethod, request: Uint8Array, _remote: string, untilSent?: (release: () => void) => void) =>
      call(request, untilSent),
  };
  const grpc = new GrpcCalls({ ...common, rpc, streaming: standardServices([MetaService]) });
  const front = new Http2Front({
    ...common,
    max_header_bytes: 4096,
    headers_timeout_ms: 60_000,
    request_timeout_ms: 60_000,
    send_timeout_ms: 60_000,
    idle_timeout_ms: 0,
    onRequest: (exchange, head) => {
      if (isGrpc(head.headers['content-type'])) grpc.take(exchange, head);
      else new PlainRequest(exchange, head, { ...common, handler, in_flight: new InFlight(100) }).start();
    },
    ...options,
  });
  const { port, connections, stop } = await listenWith(front, { logger });
  return { port, base: `http://127.0.0.1:${port}`, front, buffered, connections, log, stop };
}

function find(service: string, name: string): UnaryMethod {
  const method = Object.values(MetaService.method).find((one) => one.name === name);
  if (service !== MetaService.typeName) throw new RpcFault('no_service', `Fail to find service=${service}`);
  if (method === undefined || name === 'http') throw new RpcFault('no_method', `Fail to find method=${name}`);
  return { name, request: method.input, response: method.output, run: () => Promise.reject(new Error('not run')) };
}

import { constants } from 'node:buffer';
import type { HttpHandler } from '../admin/http-types.ts';
import type { Settings } from '../config/settings.ts';
import { BaiduFront } from '../net/baidu-std/baidu-front.ts';
import type { ByteBudget } from '../net/byte-budget.ts';
import { FairTurns } from '../net/fair-turns.ts';
import type { Front } from '../net/front.ts';
import { FrontDoor } from '../net/front-door.ts';
import { isGrpc } from '../net/grpc/call-head.ts';
import { GrpcCalls } from '../net/grpc/grpc-calls.ts';
import { standardServices } from '../net/grpc/standard-services.ts';
import { HttpFront } from '../net/http/http-front.ts';
import { Http2Front } from '../net/http2/http2-front.ts';
import { PlainRequest } from '../net/http2/plain-request.ts';
import type { InFlight } from '../net/in-flight.ts';
import type { ProtocolCounts } from '../net/protocol-counts.ts';
import { TlsFront } from '../net/tls/tls-front.ts';
import type { Logger } from '../observe/logger.ts';
import { readCertificate, renewCertificate } from './certificate.ts';
import type { Services } from './services.ts';

export interface FrontsOptions extends Pick<Services, 'rpc' | 'descs'> {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly handler: HttpHandler;
  readonly in_flight: InFlight;
  /** What requests and answers in memory are counted against. */
  readonly buffered: ByteBudget;
  readonly protocols: ProtocolCounts;
}

/** As many as there are threads for it: more would be done no sooner, and hold memory meanwhile. */
const DECOMPRESSIONS_AT_A_TIME = 4;

/** Makes what speaks the protocols of the port, behind TLS where the settings say so. Throws a StartError. */
export function createFronts(options: FrontsOptions): Front {
  const { settings, logger } = options;
  const plain = createPlainFronts(options);
  if (settings.tls_cert === '') return plain;
  const certificate = readCertificate(settings);
  const handshake_timeout_ms = settings.headers_timeout_ms;
  const front = new TlsFront({ certificate, inner: plain, logger, handshake_timeout_ms });
  const stopRenewing = renewCertificate(settings, certificate, front, logger);
  return {
    accept: (socket) => front.accept(socket),
    drain: () => front.drain(),
    close: () => {
      stopRenewing();
      front.close();
    },
  };
}

function createPlainFronts(options: FrontsOptions): FrontDoor {
  const { settings, logger, handler, rpc, descs, in_flight, buffered, protocols } = options;
  const { headers_timeout_ms, request_timeout_ms, send_timeout_ms, brpc_idle_timeout_sec } = settings;
  const common = {
    logger,
    in_flight,
    buffered,
    decompressions: new FairTurns(DECOMPRESSIONS_AT_A_TIME),
    // A larger text is more than Node can hold in one piece.
    max_body_bytes: Math.min(settings.brpc_max_body_size, constants.MAX_STRING_LENGTH),
    request_timeout_ms,
    send_timeout_ms,
    idle_timeout_ms: brpc_idle_timeout_sec === -1 ? 0 : brpc_idle_timeout_sec * 1000,
  };
  const http1 = new HttpFront({
    ...common,
    handler,
    max_header_bytes: settings.max_header_bytes,
    headers_timeout_ms,
  });
  const baidu_std = new BaiduFront({ ...common, rpc });
  const grpc = new GrpcCalls({
    ...common,
    rpc,
    streaming: standardServices(new Set(descs)),
  });
  const http2 = new Http2Front({
    ...common,
    max_header_bytes: settings.max_header_bytes,
    headers_timeout_ms,
    onRequest: (exchange, head) => {
      if (isGrpc(head.headers['content-type'])) grpc.take(exchange, head);
      else new PlainRequest(exchange, head, { ...common, handler }).start();
    },
  });
  const fronts = { http1, http2, baidu_std };
  return new FrontDoor({ fronts, logger, counts: protocols, first_bytes_timeout_ms: headers_timeout_ms });
}

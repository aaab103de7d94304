import { once } from 'node:events';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { checkVersion, GET_VERSION, withServedVersion } from '../data/served-version.ts';
import { type BenchServer, startBare } from '../http/servers.ts';
import { compareLoads } from '../loads.ts';
import type { BenchResult } from '../result.ts';
import { runGrpcLoad } from './load.ts';
import { framed } from './request.ts';

export interface GrpcBenchOptions {
  readonly rounds: number;
  readonly round_ms: number;
}

const PATH = '/doris.cloud.MetaService/get_version';
const REQUEST = { path: PATH, message: GET_VERSION, grpc_timeout: '10S' };
const CONNECTIONS = 4;
const STREAMS = 16;

/** What queries ask most, by the protocol of frontends, against a bare `node:http2` server that answers the same bytes. */
export function benchGrpc({ rounds, round_ms }: GrpcBenchOptions): Promise<BenchResult[]> {
  return withServedVersion(async (service, dir) => {
    const answer = await answerOf(service.port);
    const bare = await startBare('bench/grpc/bare-server.js', join(dir, 'answer'), answer);
    const load = ({ port }: BenchServer) =>
      runGrpcLoad({ port, connections: CONNECTIONS, streams: STREAMS, duration_ms: round_ms, request: REQUEST });
    try {
      const name = `grpc get_version, ${CONNECTIONS} connections x ${STREAMS}`;
      return [await compareLoads(name, rounds, service, bare, load)];
    } finally {
      await bare.stop();
    }
  });
}

/** The message with which the service answers, in its frame. Throws when it has no version in it. */
async function answerOf(port: number): Promise<Buffer> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const headers = { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request(headers);
    stream.end(framed(GET_VERSION));
    const bytes = await buffer(stream);
    checkVersion(bytes.subarray(5));
    return bytes;
  } finally {
    session.close();
    await once(session, 'close');
  }
}

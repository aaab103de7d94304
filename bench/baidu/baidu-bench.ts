import { connect } from 'node:net';
import { join } from 'node:path';
import { checkVersion, GET_VERSION, withServedVersion } from '../data/served-version.ts';
import { type BenchServer, startBare } from '../http/servers.ts';
import { compareLoads } from '../loads.ts';
import type { BenchResult } from '../result.ts';
import { eachFrame, requestFrame } from './frames.ts';
import { runLoad } from './load.ts';

export interface BaiduBenchOptions {
  readonly rounds: number;
  readonly round_ms: number;
}

const request = (id: number) => requestFrame('get_version', GET_VERSION, id);

/** What backends ask most, by the protocol by which they do, against a bare `node:net` server that answers the same bytes. */
export function benchBaidu(options: BaiduBenchOptions): Promise<BenchResult[]> {
  return withServedVersion(async (service, dir) => [
    ...(await against(service, dir, 64, 1, options)),
    ...(await against(service, dir, 1, 64, options)),
  ]);
}

async function against(
  service: BenchServer,
  dir: string,
  connections: number,
  in_flight: number,
  { rounds, round_ms }: BaiduBenchOptions,
): Promise<BenchResult[]> {
  const answer = await answerOf(service.port);
  const bare = await startBare('bench/baidu/bare-server.js', join(dir, 'answer'), answer);
  const load = ({ port }: BenchServer) =>
    runLoad({ port, connections, in_flight, duration_ms: round_ms, request, answer_bytes: answer.length });
  try {
    const name = `baidu_std get_version, ${connections} connections x ${in_flight}`;
    return [await compareLoads(name, rounds, service, bare, load)];
  } finally {
    await bare.stop();
  }
}

/** The frame with which the service answers. Throws when it has no version in it. */
function answerOf(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request(1)));
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      eachFrame(bytes, (from, to) => {
        const frame = bytes.subarray(from, to);
        socket.destroy();
        try {
          checkVersion(frame.subarray(12 + frame.readUInt32BE(8)));
          resolve(frame);
        } catch (error) {
          reject(error);
        }
      });
    });
  });
}

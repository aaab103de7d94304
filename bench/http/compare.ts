import { join } from 'node:path';
import { compareLoads } from '../loads.ts';
import type { BenchResult } from '../result.ts';
import { runLoad } from './load.ts';
import { type BenchServer, startBare } from './servers.ts';

export interface HttpBenchOptions {
  readonly connections: number;
  readonly rounds: number;
  readonly round_ms: number;
}

export interface Scenario {
  readonly name: string;
  readonly next: () => Buffer;
}

/**
 * The answers that a service gives a second, against those of a bare `node:http` server that returns the same bytes: the
 * two in turn, round by round, so that a machine that changes its speed changes it for both. A figure is the median of
 * its rounds.
 */
export async function compareWithBare(
  service: BenchServer,
  { name, next }: Scenario,
  dir: string,
  { connections, rounds, round_ms }: HttpBenchOptions,
): Promise<BenchResult> {
  const bare = await startBare('bench/http/bare-server.js', join(dir, name), await bodyOf(service.port, next()));
  const load = ({ port }: BenchServer) => runLoad({ port, connections, duration_ms: round_ms, next });
  try {
    return await compareLoads(name, rounds, service, bare, load);
  } finally {
    await bare.stop();
  }
}

/** The body of a service's answer. Throws when that is not 200. */
export async function bodyOf(port: number, request: Buffer): Promise<string> {
  const [head = '', body = ''] = request.toString('utf8').split('\r\n\r\n');
  const [method = 'GET', path = '/'] = head.split(' ');
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(body !== '' && { body }) });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path.split('?')[0]} was answered with ${answer.status}`);
  return text;
}

/** A request with a JSON body, as bytes. */
export function post(path: string, request: unknown): Buffer {
  const body = JSON.stringify(request);
  const head = `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json`;
  return Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

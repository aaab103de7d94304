import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchResult } from '../result.ts';
import { runLoad } from './load.ts';
import { type BenchServer, startBare, startService } from './servers.ts';

export interface HttpBenchOptions {
  readonly connections: number;
  readonly rounds: number;
  readonly round_ms: number;
}

const TOKEN = 'token=greedisgood9999';
const INSTANCE = 'bench_instance';
const OBJECT_STORE = {
  ak: 'bench-ak',
  sk: 'bench-sk',
  bucket: 'bench-bucket',
  prefix: 'bench',
  endpoint: 'cos.ap-beijing.myqcloud.com',
  external_endpoint: 'cos.ap-beijing.myqcloud.com',
  region: 'ap-beijing',
  provider: 'COS',
};

interface Scenario {
  readonly name: string;
  readonly next: () => Buffer;
}

/**
 * Calls of the admin API against a bare `node:http` server that returns the same bytes, under the same load: the two in
 * turn, round by round, so that a machine that changes its speed changes it for both. A figure is the median of its rounds.
 */
export async function benchHttp(options: HttpBenchOptions): Promise<BenchResult[]> {
  const dir = await mkdtemp(join(tmpdir(), 'nereus-bench-http-'));
  const service = await startService(dir);
  try {
    await fill(service.port);
    const results: BenchResult[] = [];
    for (const scenario of scenarios()) results.push(await compare(service, scenario, dir, options));
    return results;
  } finally {
    await service.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function compare(
  service: BenchServer,
  { name, next }: Scenario,
  dir: string,
  { connections, rounds, round_ms }: HttpBenchOptions,
): Promise<BenchResult> {
  const bare = await startBare(dir, name, await bodyOf(service.port, next()));
  const ours: number[] = [];
  const theirs: number[] = [];
  const ratios: number[] = [];
  try {
    for (let round = -1; round < rounds; round++) {
      const one = await runLoad({ port: service.port, connections, duration_ms: round_ms, next });
      const other = await runLoad({ port: bare.port, connections, duration_ms: round_ms, next });
      if (round < 0) continue;
      ours.push(one.answers_per_second);
      theirs.push(other.answers_per_second);
      ratios.push(one.answers_per_second / other.answers_per_second);
    }
  } finally {
    await bare.stop();
  }
  return { name: `http ${name}`, ours: median(ours), bare: median(theirs), ratio: median(ratios), unit: 'answers/s' };
}

function scenarios(): Scenario[] {
  const getInstance = get(`/MetaService/http/get_instance?${TOKEN}&instance_id=${INSTANCE}`);
  const getCluster = post('get_cluster', { cloud_unique_id: `1:${INSTANCE}:be0`, cluster_id: 'cluster0' });
  let created = 0;
  const run = Date.now();
  const createInstance = () =>
    post('create_instance', {
      instance_id: `i_${run}_${created++}`,
      name: 'nn',
      user_id: 'uu',
      obj_info: OBJECT_STORE,
    });
  return [
    { name: 'get_instance', next: () => getInstance },
    { name: 'get_cluster', next: () => getCluster },
    { name: 'create_instance', next: createInstance },
  ];
}

/** An instance as operators have them: frontends, and a compute cluster of a few backends. */
async function fill(port: number): Promise<void> {
  const nodes = Array.from({ length: 5 }, (_, i) => ({
    cloud_unique_id: `1:${INSTANCE}:be${i}`,
    ip: `10.0.0.${i + 1}`,
    heartbeat_port: 9050,
  }));
  const cluster = { cluster_id: 'cluster0', cluster_name: 'cluster_name0', type: 'COMPUTE', nodes };
  await bodyOf(
    port,
    post('create_instance', { instance_id: INSTANCE, name: 'nn', user_id: 'uu', obj_info: OBJECT_STORE }),
  );
  await bodyOf(port, post('add_cluster', { instance_id: INSTANCE, cluster }));
}

async function bodyOf(port: number, request: Buffer): Promise<string> {
  const [head = '', body = ''] = request.toString('utf8').split('\r\n\r\n');
  const [method = 'GET', path = '/'] = head.split(' ');
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(body !== '' && { body }) });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path.split('?')[0]} was answered with ${answer.status}`);
  return text;
}

function get(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
}

function post(operation: string, request: unknown): Buffer {
  const body = JSON.stringify(request);
  const head = `POST /MetaService/http/${operation}?${TOKEN} HTTP/1.1\r\nHost: bench`;
  return Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

import { withServedVersion } from '../data/served-version.ts';
import type { BenchResult } from '../result.ts';
import { beginTxns, getVersion } from './calls.ts';
import { bodyOf, compareWithBare, type HttpBenchOptions, post, type Scenario } from './compare.ts';

const TOKEN = 'token=greedisgood9999';
const INSTANCE = 'bench_admin_instance';
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

/** Calls of the admin API, and of methods with JSON, against a bare `node:http` server that returns the same bytes, under the same load. */
export function benchHttp(options: HttpBenchOptions): Promise<BenchResult[]> {
  return withServedVersion(async (service, dir) => {
    await fill(service.port);
    const results: BenchResult[] = [];
    for (const scenario of scenarios()) results.push(await compareWithBare(service, scenario, dir, options));
    return results;
  });
}

function scenarios(): Scenario[] {
  const getInstance = get(`/MetaService/http/get_instance?${TOKEN}&instance_id=${INSTANCE}`);
  const getCluster = operation('get_cluster', { cloud_unique_id: `1:${INSTANCE}:be0`, cluster_id: 'cluster0' });
  let created = 0;
  const run = Date.now();
  const createInstance = () =>
    operation('create_instance', {
      instance_id: `i_${run}_${created++}`,
      name: 'nn',
      user_id: 'uu',
      obj_info: OBJECT_STORE,
    });
  return [
    { name: 'http get_instance', next: () => getInstance },
    { name: 'http get_cluster', next: () => getCluster },
    { name: 'http create_instance', next: createInstance },
    { name: 'http get_version', next: getVersion() },
    { name: 'http begin_txn', next: beginTxns() },
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
    operation('create_instance', { instance_id: INSTANCE, name: 'nn', user_id: 'uu', obj_info: OBJECT_STORE }),
  );
  await bodyOf(port, operation('add_cluster', { instance_id: INSTANCE, cluster }));
}

function get(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
}

function operation(name: string, request: unknown): Buffer {
  return post(`/MetaService/http/${name}?${TOKEN}`, request);
}

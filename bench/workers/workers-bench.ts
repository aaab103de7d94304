import { withServedVersion } from '../data/served-version.ts';
import { beginTxns, getVersion } from '../http/calls.ts';
import type { HttpBenchOptions } from '../http/compare.ts';
import { runLoad } from '../http/load.ts';
import type { BenchServer } from '../http/servers.ts';
import { compareLoads } from '../loads.ts';
import type { BenchResult } from '../result.ts';

/** A service of two workers against one of a single process. The load needs a core of its own, or it takes theirs. */
export function benchWorkers({ connections, rounds, round_ms }: HttpBenchOptions): Promise<BenchResult[]> {
  const scenarios = [
    { name: 'two workers against one, get_version', next: getVersion() },
    { name: 'two workers against one, begin_txn', next: beginTxns() },
  ];
  const bench = async (two: BenchServer, one: BenchServer) => {
    const results: BenchResult[] = [];
    for (const { name, next } of scenarios) {
      const load = ({ port }: BenchServer) => runLoad({ port, connections, duration_ms: round_ms, next });
      results.push(await compareLoads(name, rounds, two, one, load));
    }
    return results;
  };
  return withServedVersion((two) => withServedVersion((one) => bench(two, one)), '--workers', '2');
}

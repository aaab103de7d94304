import type { BenchServer } from './http/servers.ts';
import { compare, median } from './kv/measure.ts';
import type { BenchResult } from './result.ts';

/** What one run of a load came to. */
export interface LoadResult {
  readonly answers_per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** From how long each answer took, and all of them together. */
export function loadResult(latencies_ms: number[], took_ms: number): LoadResult {
  const sorted = latencies_ms.sort((one, other) => one - other);
  const percentile = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return {
    answers_per_second: (sorted.length / took_ms) * 1000,
    p50_ms: percentile(0.5) ?? Number.NaN,
    p99_ms: percentile(0.99) ?? Number.NaN,
  };
}

/** Loads two servers in turns, and compares the first with the second; the latency and the memory are those of the first. */
export async function compareLoads(
  name: string,
  rounds: number,
  ours: BenchServer,
  other: BenchServer,
  load: (server: BenchServer) => Promise<LoadResult>,
): Promise<BenchResult> {
  const loads: LoadResult[] = [];
  const ourLoad = async () => {
    const one = await load(ours);
    loads.push(one);
    return one.answers_per_second;
  };
  const otherLoad = async () => (await load(other)).answers_per_second;
  const result = await compare(name, 'answers/s', rounds, ourLoad, otherLoad);
  const latency_ms = { p50: median(loads.map(({ p50_ms }) => p50_ms)), p99: median(loads.map(({ p99_ms }) => p99_ms)) };
  return { ...result, latency_ms, resident_mib: ours.residentMiB() };
}

// `npm run bench [-- kv|http|baidu|grpc|workers|data|recycler|dump|move] [--pairs=5000000] [--rowsets=1000000] [--rowsets-on-s3=100000]`: prints ratios to the bare thing below, and writes them to bench/results/ as JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { benchBaidu } from './baidu/baidu-bench.ts';
import { benchData } from './data/data-bench.ts';
import { benchDump } from './dump/dump-bench.ts';
import { benchMove } from './dump/move-bench.ts';
import { benchGrpc } from './grpc/grpc-bench.ts';
import { benchHttp } from './http/http-bench.ts';
import { benchStore } from './kv/store.ts';
import { benchRecycler } from './recycler/recycler-bench.ts';
import type { BenchResult } from './result.ts';
import { benchWorkers } from './workers/workers-bench.ts';

const [flags, wanted] = [true, false].map((is_flag) =>
  process.argv.slice(2).filter((argument) => argument.startsWith('--') === is_flag),
) as [string[], string[]];
const pairs = numberOf('--pairs=', 5_000_000);
const rowsets = numberOf('--rowsets=', 100_000);
// The server takes far longer than memory.
const rowsets_on_s3 = numberOf('--rowsets-on-s3=', Math.min(rowsets, 10_000));

const BENCHES: Readonly<Record<string, () => Promise<BenchResult[]>>> = {
  kv: () => benchStore(),
  http: () => benchHttp({ connections: 64, rounds: 7, round_ms: 2_000 }),
  baidu: () => benchBaidu({ rounds: 7, round_ms: 2_000 }),
  grpc: () => benchGrpc({ rounds: 7, round_ms: 2_000 }),
  workers: () => benchWorkers({ connections: 64, rounds: 7, round_ms: 2_000 }),
  data: () => benchData({ rounds: 5 }),
  dump: () => benchDump({ pairs, rounds: 3 }),
  move: () => benchMove({ pairs, rounds: 1 }),
  recycler: () => benchRecycler({ rowsets, rowsets_on_s3 }),
};

const RESULTS = join(process.cwd(), 'bench/results');

/** The number behind a flag, which begins with its name. */
function numberOf(flag: string, otherwise: number): number {
  const given = flags.find((each) => each.startsWith(flag));
  return given === undefined ? otherwise : Number(given.slice(flag.length));
}

function print({ name, ours, bare, ratio, unit, latency_ms, resident_mib, heap_mib }: BenchResult): void {
  const figures = [ours, bare].map((figure) => shown(figure).padStart(12));
  const latency = latency_ms ? `, p50 ${shown(latency_ms.p50)} ms, p99 ${shown(latency_ms.p99)} ms` : '';
  const memory = resident_mib === undefined ? '' : `, ${shown(resident_mib)} MiB`;
  const heap = heap_mib === undefined ? '' : `, ${shown(heap_mib)} MiB of heap`;
  console.log(
    `${name.padEnd(44)} ${figures.join(' ')} ${ratio.toFixed(2).padStart(7)}  ${unit}${latency}${memory}${heap}`,
  );
}

function shown(figure: number): string {
  return figure.toLocaleString('en-US', { maximumFractionDigits: figure < 10 ? 2 : 0 });
}

const unknown = wanted.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`there is no bench ${unknown}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

console.log(`${''.padEnd(44)} ${'nereus'.padStart(12)} ${'bare'.padStart(12)} ${'ratio'.padStart(7)}`);
const results: BenchResult[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const result of await bench()) {
    print(result);
    results.push(result);
  }
}
mkdirSync(RESULTS, { recursive: true });
const file = join(RESULTS, 'latest.json');
const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model ?? '' };
writeFileSync(file, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
console.log(`written to ${file}`);

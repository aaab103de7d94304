/** One figure of the bench: what Nereus does beside what the bare thing below it does, measured in one run. */
export interface BenchResult {
  readonly name: string;
  readonly ours: number;
  readonly bare: number;
  /** `ours / bare`, as the median of pairs that were measured one after the other. */
  readonly ratio: number;
  readonly unit: string;
  /** How long Nereus took for half of the answers, and for 99 of 100. */
  readonly latency_ms?: Latency;
  /** What the service had in memory at the end, all of its processes together. */
  readonly resident_mib?: number;
  /** By how much the heap of the process grew at most while Nereus worked. */
  readonly heap_mib?: number;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

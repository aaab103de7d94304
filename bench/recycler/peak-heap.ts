const SAMPLE_MS = 20;
const MIB = 1024 * 1024;

/** Watches over the heap of this process, above what is in it now. */
export function peakHeap(): { readonly stop: () => number } {
  const before = process.memoryUsage().heapUsed;
  let peak = before;
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    /** The most that was in it, in MiB. */
    stop() {
      clearInterval(timer);
      sample();
      return (peak - before) / MIB;
    },
  };
}

/**
 * Wraps something that may happen thousands of times a second, such as a refused connection, so that it is reported at
 * most once in `interval_ms`. `report` is told how often it happened since the last report, this time included.
 */
export function atMostEvery(interval_ms: number, report: (times: number) => void): () => void {
  let times = 0;
  let reported = Number.NEGATIVE_INFINITY;
  return () => {
    times++;
    const now = performance.now();
    if (now - reported < interval_ms) return;
    reported = now;
    report(times);
    times = 0;
  };
}

/** The longest that a call waits for what others do. A backend gives it ten seconds, and is to hear what it has waited for. */
export const MOST_WAITED_MS = 8_000;

/** Waits for `work`, but no longer than so many milliseconds; then it rejects with what `late` returns, and the work goes on. */
export async function inTime<T>(most_ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.max(0, most_ms));
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}

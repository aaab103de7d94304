/** The time, and waking up later. Tests have one that they move. */
export interface Clock {
  /** Milliseconds since 1970. */
  now_ms(): number;
  /** Calls `work` once after `ms`, or a little earlier where that is weeks away. Returns what cancels it; cancelling again is harmless. */
  after(ms: number, work: () => void): () => void;
}

/** The longest that a timer of Node.js waits. */
const LONGEST_MS = 2 ** 31 - 1;

/** The time of this machine. Its timers keep no process running. */
export const systemClock: Clock = {
  now_ms: Date.now,
  after(ms, work) {
    const timer = setTimeout(work, Math.min(Math.max(ms, 0), LONGEST_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

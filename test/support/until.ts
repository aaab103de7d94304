import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 2;
/** Far longer than anything takes that a test waits for. */
const MOST_MS = 30_000;

export interface Waited {
  /** For the error of whoever waits in vain. */
  readonly what?: string;
  readonly most_ms?: number;
}

/** Waits until something holds; a test that waits in vain fails. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { what = 'what was waited for', most_ms = MOST_MS }: Waited = {},
): Promise<void> {
  const end_ms = performance.now() + most_ms;
  while (!(await holds())) {
    if (performance.now() > end_ms) throw new Error(`not in ${most_ms} ms: ${what}`);
    await sleep(PAUSE_MS);
  }
}

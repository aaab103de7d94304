import type { Logger } from '../observe/logger.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { type CallCounts, DEFECT } from './call-counts.ts';
import { loggedOrigin } from './call-origin.ts';
import { TokenBuckets } from './limits/token-buckets.ts';
import type { Progress } from './progress.ts';

export interface CallWatchOptions {
  readonly logger: Logger;
  readonly counts: CallCounts;
  /** Calls that take so long are logged with where the time went; 0 for none. */
  readonly slow_call_ms: number;
  /** Makes traces of calls, where somebody wants them. */
  readonly tracer?: { ended(progress: Progress, ending: Ending): void } | undefined;
}

/** How a call has ended: with a code, or by a defect. */
export type Ending = MetaServiceCode | typeof DEFECT;

/** Messages may quote whole requests, which may be as large as a body. */
const LONGEST_LOGGED = 2_000;
/** Slow calls that are logged in a second: when the disk stands still, all are. */
const SLOW_LOGGED_PER_SECOND = 20;

/** Counts calls, and logs those that somebody may want to know of. */
export class CallWatch {
  readonly #options: CallWatchOptions;
  readonly #slow_ms: number;
  readonly #lines = new TokenBuckets();

  constructor(options: CallWatchOptions) {
    this.#options = options;
    this.#slow_ms = options.slow_call_ms > 0 ? options.slow_call_ms : Number.POSITIVE_INFINITY;
  }

  /** Notes a call that has ended. */
  ended(progress: Progress, ending: Ending, message: string): void {
    const { counts, logger, tracer } = this.#options;
    const { duration_ms } = progress;
    const isSlow = duration_ms >= this.#slow_ms;
    counts.add(progress, ending, duration_ms, isSlow);
    tracer?.ended(progress, ending);
    if (isSlow) this.#logSlow(progress, ending, message);
    // A defect has a line of its own, which tells more.
    else if (ending !== DEFECT) {
      const level = ending === MetaServiceCode.OK ? 'debug' : 'info';
      if (logger.keeps(level)) logger[level]('call', fieldsOf(progress, ending, message));
    }
  }

  #logSlow(progress: Progress, ending: Ending, message: string): void {
    if (!this.#lines.take('slow', SLOW_LOGGED_PER_SECOND)) return;
    this.#options.logger.warn('a slow call', { ...fieldsOf(progress, ending, message), ...spentBy(progress) });
  }
}

/** Where the time of a call went. What is left over is for its own work, and for the turns of others. */
export function spentBy(progress: Progress): Readonly<Record<string, number>> {
  const { duration_ms, queue_ms, read_ms, commit_ms, retry_ms, encode_ms } = progress;
  const rest_ms = duration_ms - queue_ms - read_ms - commit_ms - retry_ms - encode_ms;
  const parts = { queue_ms, read_ms, commit_ms, retry_ms, encode_ms, rest_ms: Math.max(0, rest_ms) };
  return Object.fromEntries(Object.entries(parts).map(([name, ms]) => [name, rounded(ms)]));
}

function fieldsOf(progress: Progress, ending: Ending, message: string): Readonly<Record<string, unknown>> {
  const { method, instance_id, duration_ms, attempts, origin } = progress;
  return {
    method,
    ...(instance_id !== '' && { instance_id }),
    ...loggedOrigin(origin),
    code: ending === DEFECT ? DEFECT : MetaServiceCode[ending],
    message: message.length > LONGEST_LOGGED ? `${message.slice(0, LONGEST_LOGGED)}...` : message,
    duration_ms: rounded(duration_ms),
    attempts,
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

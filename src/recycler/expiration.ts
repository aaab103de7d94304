import type { SweepContext } from './sweep.ts';

/** When a record was written, and when it expires, in seconds since 1970; 0 is no time. */
export interface Times {
  readonly creationTime: bigint;
  readonly expiration: bigint;
}

type Clock = Pick<SweepContext, 'now_ms' | 'settings'>;

export function nowInSeconds({ now_ms }: Pick<SweepContext, 'now_ms'>): bigint {
  return BigInt(Math.floor(now_ms() / 1000));
}

/** Whether what nobody uses any more has been kept long enough: for `retention_seconds` after it expired or was written. */
export function isKeptLongEnough(context: Clock, times: Times, retention_seconds: number): boolean {
  if (context.settings.force_immediate_recycle) return true;
  return nowInSeconds(context) >= since(times) + BigInt(retention_seconds);
}

/**
 * Whether the time of a writer is over. Until its expiration it may go on writing, so not even
 * `force_immediate_recycle` makes that shorter. A writer that never expires has `retention_seconds`.
 */
export function isWriterOverdue(context: Clock, times: Times): boolean {
  const { force_immediate_recycle, retention_seconds } = context.settings;
  const spared_seconds = force_immediate_recycle && times.expiration > 0n ? 0 : retention_seconds;
  return nowInSeconds(context) > since(times) + BigInt(spared_seconds);
}

/** From when on it is counted how long a record is kept. */
function since({ creationTime, expiration }: Times): bigint {
  return expiration > 0n ? expiration : creationTime;
}

/** "expired 2026-01-31T10:00:00Z", for what would go and why. */
export function timesText(times: Times): string {
  const what = times.expiration > 0n ? 'expired' : 'written';
  const ms = Number(since(times)) * 1000;
  return `${what} ${Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : since(times)}`;
}

import { type CallFacts, ClientError } from './client-error.ts';
import type { Rotation } from './endpoints.ts';
import { Failure } from './failure.ts';
import { impatient, type Patience } from './patience.ts';

/** The first pause is about this long, and each one about twice as long as the one before, up to the longest. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2_000;

/** What an attempt came to: a result, or a refusal by the service. */
export type Attempt<Result> = { readonly result: Result } | Refusal<Result>;

export interface Refusal<Result> {
  /** Returns the answer, or throws what it is to the caller. */
  readonly refused: (facts: CallFacts) => Result;
  /** Whether it might be another answer a moment later. */
  readonly passing: boolean;
  readonly maybe_executed: boolean;
}

/** A call as it is tried again. */
export interface Retried<Target, Result> {
  readonly method: string;
  readonly patience: Patience;
  /** Whether anything is tried again. */
  readonly retry: boolean;
  /** Whether it may be sent again when it may have been executed. */
  readonly repeatable: boolean;
  /** Tries once. `again` says whether an earlier attempt may have been executed. */
  readonly attempt: (target: Target, again: boolean) => Promise<Attempt<Result>>;
  /** Takes secrets out of a text. */
  readonly mask: (text: string) => string;
}

/**
 * Tries a call until there is an answer, as long as its patience lasts and trying again can do no harm, at one endpoint
 * after the other. Without a better answer in time, the last one stands.
 *
 * @throws {ClientError}
 */
export async function withRetries<Target extends { readonly name: string }, Result>(
  targets: Rotation<Target>,
  { method, patience, retry, repeatable, attempt, mask }: Retried<Target, Result>,
): Promise<Result> {
  const { ended: over } = patience;
  if (over !== undefined) {
    throw new ClientError(over, impatient(over, false).message, { method, attempts: 0, maybe_executed: false });
  }
  let maybe_executed = false;
  let last: Refusal<Result> | Failure | undefined;
  for (let attempts = 1; ; attempts++) {
    const target = targets.current;
    const facts = (): CallFacts => ({ method, endpoint: target.name, attempts, maybe_executed });
    const ended = await settled(() => attempt(target, maybe_executed));
    if ('result' in ended) return ended.result;
    const outcome = last !== undefined && endedUnsent(ended) ? last : ended;
    last = outcome;
    const passing = outcome instanceof Failure ? isPassing(outcome) : outcome.passing;
    const harmless = repeatable || !outcome.maybe_executed;
    maybe_executed ||= outcome.maybe_executed;
    if (outcome instanceof Failure && passing) targets.leave(target);
    const pause_ms = outcome instanceof Failure ? pauseOfRound(attempts, targets.size) : pauseMs(attempts);
    if (retry && passing && harmless && (await paused(patience, pause_ms))) continue;
    const why = patience.ended === 'cancelled' ? impatient('cancelled', maybe_executed) : outcome;
    if (why instanceof Failure) throw new ClientError(why.kind, mask(why.message), facts());
    return why.refused(facts());
  }
}

/** What an attempt came to, its failure included. */
async function settled<Result>(attempt: () => Promise<Attempt<Result>>): Promise<Attempt<Result> | Failure> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Waits, and resolves with whether there is time for another attempt. Does not wait when there will be none. */
async function paused(patience: Patience, pause_ms: number): Promise<boolean> {
  if (patience.ended !== undefined || pause_ms >= patience.remaining_ms) return false;
  if (pause_ms > 0) await patience.sleep(pause_ms);
  return patience.ended === undefined;
}

/** Whether the time was over before anything was sent: then the attempt before it tells more. */
function endedUnsent<Result>(outcome: Refusal<Result> | Failure): boolean {
  return outcome instanceof Failure && outcome.kind === 'deadline' && !outcome.maybe_executed;
}

/** As long as there are endpoints that were not asked in this round, there is nothing to wait for. */
function pauseOfRound(attempts: number, endpoints: number): number {
  return attempts % endpoints === 0 ? pauseMs(attempts / endpoints) : 0;
}

function isPassing({ kind }: Failure): boolean {
  return kind === 'unavailable' || kind === 'busy';
}

/** A time between half of the pause and all of it, so that those who failed together don't come back together. */
function pauseMs(round: number): number {
  const longest_ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (round - 1));
  return longest_ms * (0.5 + Math.random() / 2);
}

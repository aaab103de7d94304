import { inOrder } from '../in-order.ts';
import { type AskFrontendOptions, askFrontend } from './ask-frontend.ts';
import { type FrontendOutcome, fault } from './read-answer.ts';

/** Frontends of one instance that are asked at a time. */
const MOST_AT_A_TIME = 3;

/**
 * Asks the frontends of an instance, several at a time, and takes the first answer in their order. Without one, whoever
 * refuses the caller decides; otherwise it says of each why it has no answer. Never rejects.
 */
export async function askFrontends(hosts: readonly string[], options: AskFrontendOptions): Promise<FrontendOutcome> {
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  const faults: string[] = [];
  let refused: FrontendOutcome | undefined;
  try {
    const outcomes = inOrder(hosts, MOST_AT_A_TIME, (host) => askFrontend(host, { ...options, signal }));
    for await (const outcome of outcomes) {
      if (outcome.kind === 'answer') return outcome;
      if (outcome.kind === 'refused') refused ??= outcome;
      else faults.push(outcome.why);
    }
  } finally {
    done.abort();
  }
  return refused ?? fault(faults.join(', '));
}

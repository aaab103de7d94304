import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpAnswer } from './http-types.ts';
import type { Query } from './query.ts';
import { textReply } from './reply.ts';

/** Refuses calls whose `token` is not the one of the settings. */
export class TokenCheck {
  readonly #expected: Buffer;

  constructor(token: string) {
    this.#expected = digest(token);
  }

  /** The answer to a call with a wrong token or none, or undefined when the token is right. */
  refuse(query: Query): HttpAnswer | undefined {
    const given = query.decoded('token');
    // Scripts may send a token as it stands in the settings, percent signs and all. Digests are compared, since they
    // have one length, and without a shortcut, so that the time taken tells nothing of the token.
    const right = this.#matches(given);
    const asSent = this.#matches(query.get('token') ?? '');
    if (right || asSent) return undefined;
    return textReply(403, `incorrect token, token=${given === '' ? '(not given)' : given}\n`);
  }

  #matches(given: string): boolean {
    return timingSafeEqual(digest(given), this.#expected);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

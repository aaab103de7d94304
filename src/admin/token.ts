import { timingSafeEqual } from 'node:crypto';
import type { HttpAnswer } from './http-types.ts';
import type { Query } from './query.ts';
import { textReply } from './reply.ts';

/** Tokens up to this length are compared in one time, however long they are. */
const COMPARED_BYTES = 256;

/** Refuses calls whose `token` is not the one of the settings. */
export class TokenCheck {
  readonly #expected: Buffer;
  readonly #given: Buffer;

  constructor(token: string) {
    const size_bytes = Math.max(COMPARED_BYTES, Buffer.byteLength(token));
    this.#expected = Buffer.alloc(size_bytes);
    this.#expected.write(token);
    this.#given = Buffer.alloc(size_bytes);
  }

  /** The answer to a call with a wrong token or none, or undefined when the token is right. */
  refuse(query: Query): HttpAnswer | undefined {
    const given = query.decoded('token');
    // Scripts may send a token as it stands in the settings, percent signs and all.
    if (this.matches(given) || this.matches(query.get('token') ?? '')) return undefined;
    return textReply(403, `incorrect token, token=${given === '' ? '(not given)' : given}\n`);
  }

  /** Whether it is the token. Takes the same time wherever the first difference is, so that the time tells nothing of it. */
  matches(given: string): boolean {
    this.#given.fill(0);
    const whole = this.#given.write(given) === Buffer.byteLength(given);
    // No token has a NUL, so one that is padded with them is no other token.
    return timingSafeEqual(this.#given, this.#expected) && whole && !given.includes('\0');
  }
}

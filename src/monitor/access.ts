import { createHash, timingSafeEqual } from 'node:crypto';

/** Who calls, or what a frontend says to whoever it does not know. */
export type Admission =
  | { readonly kind: 'admitted'; readonly authorization: string }
  | { readonly kind: 'refused'; readonly why: string };

/** What a frontend says to a caller who does not say who it is. */
const NO_CREDENTIALS = 'Need auth information.';

/** Lets users in by HTTP Basic. */
export class Access {
  readonly #known: readonly Buffer[];

  /** @param passwords By the names of the users. */
  constructor(passwords: ReadonlyMap<string, string>) {
    this.#known = [...passwords].map(([name, password]) => digestOf(name, password));
  }

  /**
   * Judges the `authorization` of a call that came from `address`. What is admitted is the header anew, and holds nothing
   * but the name and the password.
   */
  admit(authorization: string | undefined, address: string): Admission {
    const [scheme = '', encoded, ...more] = (authorization ?? '').trim().split(/\s+/);
    if (scheme.toLowerCase() !== 'basic' || encoded === undefined || more.length > 0) return refused(NO_CREDENTIALS);
    const text = Buffer.from(encoded, 'base64').toString();
    const colon = text.indexOf(':');
    if (colon === -1) return refused(NO_CREDENTIALS);
    const name = text.slice(0, colon);
    if (!this.#knows(digestOf(name, text.slice(colon + 1)))) {
      // A frontend says that a password was used whether there was one or not.
      return refused(`Access denied for user '${name}@${address}' (using password: YES)`);
    }
    return { kind: 'admitted', authorization: `Basic ${Buffer.from(text).toString('base64')}` };
  }

  /** Takes the same time whoever it is, so that the time tells neither names nor passwords. */
  #knows(given: Buffer): boolean {
    return this.#known.reduce((found, known) => timingSafeEqual(known, given) || found, false);
  }
}

function refused(why: string): Admission {
  return { kind: 'refused', why };
}

/** No name holds a colon, so no two pairs are one text. */
function digestOf(name: string, password: string): Buffer {
  return createHash('sha256').update(`${name}:${password}`).digest();
}

/** The protocols of the port. */
export type Protocol = 'http1' | 'http2' | 'baidu_std';

/** What the first bytes of a connection say: its protocol, that it is none of them, or that too few have come to say. */
export type Verdict = Protocol | 'none' | 'undecided';

/** How a client of HTTP/2 begins, by its preface, and how every frame of baidu_std does. */
const MAGIC: readonly (readonly [Protocol, Buffer])[] = [
  ['http2', Buffer.from('PRI ')],
  ['baidu_std', Buffer.from('PRPC')],
];

/**
 * Tells by the first bytes which protocol a connection speaks. Whatever begins as a line of text may be HTTP/1: its own
 * parser has the better words for what isn't.
 */
export function protocolOf(bytes: Uint8Array): Verdict {
  const [first] = bytes;
  if (first === undefined) return 'undecided';
  for (const [protocol, magic] of MAGIC) {
    const length = Math.min(bytes.length, magic.length);
    if (magic.compare(bytes, 0, length, 0, length) === 0) return bytes.length < magic.length ? 'undecided' : protocol;
  }
  return beginsText(first) ? 'http1' : 'none';
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const TILDE = 0x7e;

function beginsText(byte: number): boolean {
  return (byte >= SPACE && byte <= TILDE) || byte === CARRIAGE_RETURN || byte === LINE_FEED;
}

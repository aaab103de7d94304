const STANDARD = alphabet('+/');
const WEB_SAFE = alphabet('-_');
const EQUALS = 0x3d;

function alphabet(lastTwo: string): ReadonlySet<number> {
  const letters = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${lastTwo}`;
  return new Set(Array.from(letters, (letter) => letter.charCodeAt(0)));
}

/** Standard base64 with padding, as brpc wants it, or undefined. */
export function decodePaddedBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !isWritten(text, lengthWithoutPadding(text, 2), STANDARD)) return undefined;
  return bytesOf(text);
}

/**
 * Base64 in the standard or the web-safe alphabet, padded or not, as protobuf wants it, or undefined. Bits that the
 * last letter has to spare must be 0.
 */
export function decodeAnyBase64(text: string): Uint8Array | undefined {
  const length = lengthWithoutPadding(text, 2);
  if (length !== text.length && text.length % 4 !== 0) return undefined;
  if (length % 4 === 1) return undefined;
  if (!isWritten(text, length, STANDARD) && !isWritten(text, length, WEB_SAFE)) return undefined;
  const bytes = bytesOf(text);
  const again = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
  return again === text.slice(0, length).replaceAll('+', '-').replaceAll('/', '_') ? bytes : undefined;
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

function bytesOf(text: string): Uint8Array {
  // A copy of its own, since Node's small buffers share their memory.
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function lengthWithoutPadding(text: string, most: number): number {
  let length = text.length;
  while (length > 0 && text.length - length < most && text.charCodeAt(length - 1) === EQUALS) length--;
  return length;
}

function isWritten(text: string, length: number, letters: ReadonlySet<number>): boolean {
  for (let i = 0; i < length; i++) if (!letters.has(text.charCodeAt(i))) return false;
  return true;
}

import { JsonError } from './json-error.ts';

// Without ignoreBOM the decoder would swallow a byte order mark, which neither dialect of JSON allows.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a request body. Throws {@link JsonError} when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new JsonError('expected UTF-8 text');
  }
}

import { setImmediate } from 'node:timers/promises';

/** How long an answer may be written before others get their turn. */
const TURN_MS = 10;

/**
 * Makes the body of an answer of the pieces of its text, as they are asked for. A large one is written in turns with
 * whatever else there is to do, and is never one text: that could be longer than a text can be.
 */
export async function bodyOf(pieces: Iterator<string, void>): Promise<string | readonly Buffer[]> {
  const first = pieces.next();
  if (first.done) return '';
  let next = pieces.next();
  if (next.done) return first.value;
  const buffers = [Buffer.from(first.value)];
  let began_ms = performance.now();
  for (; !next.done; next = pieces.next()) {
    buffers.push(Buffer.from(next.value));
    if (performance.now() - began_ms < TURN_MS) continue;
    await setImmediate();
    began_ms = performance.now();
  }
  return buffers;
}

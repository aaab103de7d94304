import { type KeyPart, parseKeyParts } from './codec.ts';
import { bytesFromHex } from './hex.ts';

export interface PictureOptions {
  /** Draw with lines of Unicode rather than of ASCII. */
  readonly unicode: boolean;
}

interface Strokes {
  readonly corner: string;
  readonly across: string;
  readonly down: string;
  readonly arrow: string;
}

const UNICODE: Strokes = { corner: '┌', across: '─', down: '│', arrow: '▼' };
const ASCII: Strokes = { corner: '/', across: '-', down: '|', arrow: 'v' };

/** A label, and the column of the hex digits where its part begins. */
interface Label {
  readonly text: Buffer;
  readonly column: number;
}

/** No key of a store is that long, and the size of a picture grows with parts times length. */
const MOST_DIGITS = 20_000;
const MOST_PARTS = 256;

/**
 * Draws the parts of a key above its hex digits:
 *
 *     /------------------------- 0. key space: 1
 *     | /----------------------- 1. instance
 *     | |                     /- 2. cf_key_1
 *     | |                     |
 *     v v                     v
 *     0110696e7374616e636500011063665f6b65795f310001
 *
 * `digits` is the key as it was sent, and stays so in the last line. The text of a part is written byte for byte, so the
 * picture need not be valid UTF-8. Undefined when the parts can't be told apart: then it is no key.
 */
export function drawKey(digits: Uint8Array, options: PictureOptions): Buffer | undefined {
  if (digits.length > MOST_DIGITS) return undefined;
  const key = bytesFromHex(digits);
  if (key.length === 0) return undefined;
  const parts = parseKeyParts(key);
  if ('problem' in parts || parts.value.length > MOST_PARTS) return undefined;
  const space = { text: Buffer.from(`key space: ${key.readInt8(0)}`), column: 0 };
  const labels = [space, ...parts.value.map(labelOf)];
  return draw(digits, labels, options.unicode ? UNICODE : ASCII);
}

function labelOf(part: KeyPart): Label {
  const text = part.type === 'int64' ? Buffer.from(part.value.toString()) : part.value;
  return { text, column: part.position * 2 };
}

function draw(digits: Uint8Array, labels: readonly Label[], strokes: Strokes): Buffer {
  // The lines end two columns after the last part begins.
  const width = (labels.at(-1)?.column ?? 0) + 2;
  const output: Uint8Array[] = [];
  let stems = '';
  labels.forEach(({ text, column }, i) => {
    const line = stems.padEnd(column) + strokes.corner + strokes.across.repeat(width - column - 1);
    output.push(Buffer.from(`${line} ${i}. `), text, Buffer.from('\n'));
    stems = stems.padEnd(column) + strokes.down;
  });
  const arrows = stems.replaceAll(strokes.down, strokes.arrow);
  output.push(Buffer.from(`${stems.padEnd(width)}\n${arrows.padEnd(width)}\n`), digits, Buffer.from('\n'));
  return Buffer.concat(output);
}

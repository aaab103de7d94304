/** The shortest bytes that are worth a copy, and the longest that one copy stands for. */
const SHORTEST = 4;
const LONGEST = 64;
const FARTHEST = 0xffff;
const LONGEST_LITERAL = 0x10000;

/** Compresses bytes into a block of Snappy, by its description of the format: literals, and copies of what came before. */
export function snappyBlock(bytes: Buffer): Buffer {
  const pieces = [varint(bytes.length)];
  const seen = new Map<string, number>();
  let literalFrom = 0;
  let at = 0;
  while (at + SHORTEST <= bytes.length) {
    const key = bytes.toString('latin1', at, at + SHORTEST);
    const before = seen.get(key);
    seen.set(key, at);
    if (before === undefined || at - before > FARTHEST) {
      at++;
      continue;
    }
    let length = SHORTEST;
    while (length < LONGEST && at + length < bytes.length && bytes[before + length] === bytes[at + length]) length++;
    pieces.push(...literals(bytes.subarray(literalFrom, at)), copy(at - before, length));
    at += length;
    literalFrom = at;
  }
  pieces.push(...literals(bytes.subarray(literalFrom)));
  return Buffer.concat(pieces);
}

export function literals(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += LONGEST_LITERAL) {
    const literal = bytes.subarray(at, at + LONGEST_LITERAL);
    const rest = literal.length - 1;
    if (rest < 60) pieces.push(Buffer.of(rest << 2));
    else if (rest < 0x100) pieces.push(Buffer.of(60 << 2, rest));
    else pieces.push(Buffer.of(61 << 2, rest & 0xff, rest >>> 8));
    pieces.push(literal);
  }
  return pieces;
}

/** The shortest form that a copy has. */
export function copy(offset: number, length: number): Buffer {
  if (length >= SHORTEST && length < SHORTEST + 8 && offset < 0x800) {
    return Buffer.of(1 | ((length - SHORTEST) << 2) | ((offset >>> 8) << 5), offset & 0xff);
  }
  if (offset <= FARTHEST) return Buffer.of(2 | ((length - 1) << 2), offset & 0xff, offset >>> 8);
  const piece = Buffer.of(3 | ((length - 1) << 2), 0, 0, 0, 0);
  piece.writeUInt32LE(offset, 1);
  return piece;
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** UTF-16 code units that the JSON scanners look for. */
export const Char = {
  Tab: 0x09,
  LineFeed: 0x0a,
  CarriageReturn: 0x0d,
  Space: 0x20,
  DoubleQuote: 0x22,
  SingleQuote: 0x27,
  Plus: 0x2b,
  Comma: 0x2c,
  Minus: 0x2d,
  Dot: 0x2e,
  Slash: 0x2f,
  Zero: 0x30,
  Nine: 0x39,
  Colon: 0x3a,
  OpenBracket: 0x5b,
  Backslash: 0x5c,
  CloseBracket: 0x5d,
  Underscore: 0x5f,
  LetterE: 0x65,
  LetterF: 0x66,
  LetterN: 0x6e,
  LetterT: 0x74,
  LetterX: 0x78,
  OpenBrace: 0x7b,
  CloseBrace: 0x7d,
} as const;

export function isDigit(code: number): boolean {
  return code >= Char.Zero && code <= Char.Nine;
}

/** The value of four hexadecimal digits, or -1. */
export function hexAt(text: string, offset: number): number {
  if (offset + 4 > text.length) return -1;
  let value = 0;
  for (let i = offset; i < offset + 4; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(code: number): number {
  if (isDigit(code)) return code - Char.Zero;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

export function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

export function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

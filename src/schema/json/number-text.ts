import { Char, isDigit } from './chars.ts';

/** Whether the text is a number as protobuf's reader takes it: no leading 0 before digits, unless with a fraction. */
export function isJsonNumber(text: string): boolean {
  return isFloatText(text) ? readFloat(text) !== undefined : isIntegerText(text);
}

export function isFloatText(text: string): boolean {
  return text.includes('.') || text.includes('e') || text.includes('E');
}

/** `-?(0|[1-9][0-9]*)` */
export function isIntegerText(text: string): boolean {
  const start = text.charCodeAt(0) === Char.Minus ? 1 : 0;
  if (start === text.length || (text.length > start + 1 && text.charCodeAt(start) === Char.Zero)) return false;
  for (let i = start; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}

/** The finite number that a decimal text with an optional fraction and exponent writes, or undefined. */
export function readFloat(text: string): number | undefined {
  let i = 0;
  const sign = text.charCodeAt(0);
  if (sign === Char.Minus || sign === Char.Plus) i++;
  const whole = skipDigits(text, i);
  let end = whole;
  if (text.charCodeAt(end) === Char.Dot) end = skipDigits(text, end + 1);
  if (end - i === (end === whole ? 0 : 1)) return undefined;
  if ((text.charCodeAt(end) | 0x20) === Char.LetterE) {
    end++;
    const exponentSign = text.charCodeAt(end);
    if (exponentSign === Char.Minus || exponentSign === Char.Plus) end++;
    const digits = skipDigits(text, end);
    if (digits === end) return undefined;
    end = digits;
  }
  i = end;
  const value = i === text.length ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function skipDigits(text: string, from: number): number {
  let i = from;
  while (isDigit(text.charCodeAt(i))) i++;
  return i;
}

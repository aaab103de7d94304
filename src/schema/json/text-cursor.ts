import { Char, isDigit } from './chars.ts';

/** So many digits always fit a number exactly. */
const EXACT_DIGITS = 15;

/** A text and how far it has been read. */
export class TextCursor {
  readonly text: string;
  pos = 0;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * Takes an integer of up to 15 digits, which is what nearly every number is, without making a string of it. Answers
   * undefined and takes nothing when there is another number, or none.
   */
  takeSmallInteger(): number | undefined {
    const { text } = this;
    const negative = text.charCodeAt(this.pos) === Char.Minus;
    const start = negative ? this.pos + 1 : this.pos;
    let end = start;
    let value = 0;
    let code = text.charCodeAt(end);
    while (isDigit(code)) {
      value = value * 10 + (code - Char.Zero);
      code = text.charCodeAt(++end);
    }
    const digits = end - start;
    if (digits === 0 || digits > EXACT_DIGITS || continuesNumber(code)) return undefined;
    if (digits > 1 && text.charCodeAt(start) === Char.Zero) return undefined;
    this.pos = end;
    return negative ? -value : value;
  }
}

function continuesNumber(code: number): boolean {
  if (code === Char.Dot || code === Char.Minus || code === Char.Plus) return true;
  return (code | 0x20) === Char.LetterE || code === Char.LetterX;
}

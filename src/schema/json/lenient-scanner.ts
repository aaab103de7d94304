import { Char, hexAt, isDigit, isHighSurrogate, isLowSurrogate } from './chars.ts';
import { JsonError, positionAt } from './json-error.ts';
import { TextCursor } from './text-cursor.ts';

/** Objects and arrays that may be open at once, as protobuf's reader has it. */
const DEEPEST = 100;

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/**
 * The tokens of the JSON that protobuf's own reader takes: single quotes, bare keys and trailing commas too, raw
 * control characters and unknown escapes in strings, more white space. Comments are no part of it.
 */
export class LenientScanner extends TextCursor {
  /** Names and indexes of the fields being read, for errors. */
  readonly path: (string | number)[] = [];
  #depth = 0;

  /** The first code unit of the next token, or NaN at the end. */
  peek(): number {
    while (isSpace(this.text.charCodeAt(this.pos))) this.pos++;
    return this.text.charCodeAt(this.pos);
  }

  fail(expected: string, offset: number = this.pos): never {
    const position = positionAt(this.text, offset);
    const field = formatPath(this.path);
    const where = `at line ${position.line}, column ${position.column}`;
    throw new JsonError(`${field === '' ? '' : `${field}: `}expected ${expected} ${where}`, position);
  }

  /** Takes `{` or `[`. */
  open(): void {
    if (++this.#depth > DEEPEST) this.fail(`at most ${DEEPEST} levels of nesting`);
    this.pos++;
  }

  /** Takes `}` or `]`. */
  close(): void {
    this.#depth--;
    this.pos++;
  }

  /** Takes the key of the next entry and its colon, or the closing brace and answers undefined. */
  nextKey(): string | undefined {
    const code = this.peek();
    if (code === Char.CloseBrace) {
      this.close();
      return undefined;
    }
    const key = code === Char.DoubleQuote || code === Char.SingleQuote ? this.readString() : this.#readBareKey(code);
    if (this.peek() !== Char.Colon) this.fail('":" after a key');
    this.pos++;
    return key;
  }

  /** After an entry: takes a comma, or leaves the closing brace to {@link nextKey}. */
  endEntry(): void {
    const code = this.peek();
    if (code === Char.Comma) this.pos++;
    else if (code !== Char.CloseBrace) this.fail('"," or "}" after an entry');
  }

  /** Whether the array goes on with another element; takes the closing bracket otherwise. */
  nextElement(): boolean {
    if (this.peek() !== Char.CloseBracket) return true;
    this.close();
    return false;
  }

  /** After an element: takes a comma, or leaves the closing bracket to {@link nextElement}. */
  endElement(): void {
    const code = this.peek();
    if (code === Char.Comma) this.pos++;
    else if (code !== Char.CloseBracket) this.fail('"," or "]" after an element');
  }

  end(): void {
    if (!Number.isNaN(this.peek())) this.fail('the end of the text');
  }

  /** Takes `word` if it is next. */
  takeWord(word: string): boolean {
    if (!this.text.startsWith(word, this.pos)) return false;
    this.pos += word.length;
    return true;
  }

  readString(): string {
    const { text } = this;
    const quote = text.charCodeAt(this.pos);
    const open = this.pos++;
    let start = this.pos;
    let value = '';
    for (;;) {
      const code = text.charCodeAt(this.pos);
      if (code === quote) break;
      if (code === Char.Backslash) {
        value += text.slice(start, this.pos) + this.#readEscape(open);
        start = this.pos;
      } else if (isHighSurrogate(code) && isLowSurrogate(text.charCodeAt(this.pos + 1))) {
        this.pos += 2;
      } else if (isHighSurrogate(code) || isLowSurrogate(code)) {
        this.fail('whole Unicode characters');
      } else if (Number.isNaN(code)) {
        this.fail('a closing quote for the string', open);
      } else {
        this.pos++;
      }
    }
    value = value === '' ? text.slice(start, this.pos) : value + text.slice(start, this.pos);
    this.pos++;
    return value;
  }

  /** Takes a number: every character that one may contain. Whether they make one is the caller's to find out. */
  readNumber(): string {
    const start = this.pos;
    while (isNumberPart(this.text.charCodeAt(this.pos))) this.pos++;
    return this.text.slice(start, this.pos);
  }

  #readEscape(open: number): string {
    const letter = this.text.charAt(this.pos + 1);
    if (letter === '') this.fail('a closing quote for the string', open);
    if (letter === 'u') return this.#readUnicodeEscape();
    const code = this.text.charCodeAt(this.pos + 1);
    if (isHighSurrogate(code) || isLowSurrogate(code)) {
      // The character after the backslash stands for itself; its second half follows as text.
      this.pos++;
      return '';
    }
    this.pos += 2;
    return SIMPLE_ESCAPES.get(letter) ?? letter;
  }

  #readUnicodeEscape(): string {
    const high = hexAt(this.text, this.pos + 2);
    if (high < 0) this.fail('four hexadecimal digits after "\\u"');
    if (isLowSurrogate(high)) this.fail('a whole Unicode character');
    if (!isHighSurrogate(high)) {
      this.pos += 6;
      return String.fromCharCode(high);
    }
    const low = this.text.startsWith('\\u', this.pos + 6) ? hexAt(this.text, this.pos + 8) : -1;
    if (!isLowSurrogate(low)) this.fail('the second half of a Unicode character');
    this.pos += 12;
    return String.fromCharCode(high, low);
  }

  #readBareKey(first: number): string {
    const start = this.pos;
    if (isKeyStart(first)) while (isKeyPart(this.text.charCodeAt(this.pos))) this.pos++;
    const key = this.text.slice(start, this.pos);
    if (key === '' || key === 'true' || key === 'false' || key === 'null') this.fail('a key or "}"', start);
    return key;
  }
}

/** Such as `cluster.nodes[0].ip`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

function isSpace(code: number): boolean {
  return code === Char.Space || (code >= Char.Tab && code <= Char.CarriageReturn);
}

function isNumberPart(code: number): boolean {
  if (isDigit(code) || code === Char.Dot || code === Char.Minus || code === Char.Plus) return true;
  const lower = code | 0x20;
  return lower === Char.LetterE || code === Char.LetterX;
}

function isKeyStart(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || code === Char.Underscore || code === 0x24;
}

function isKeyPart(code: number): boolean {
  return isKeyStart(code) || isDigit(code);
}

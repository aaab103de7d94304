import { Char, hexAt, isDigit, isHighSurrogate, isLowSurrogate } from './chars.ts';
import { TextCursor } from './text-cursor.ts';

/** Where and why a text is not JSON, in RapidJSON's words, which callers of brpc know. */
export class JsonSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** The tokens of strict JSON. Throws {@link JsonSyntaxError}. */
export class StrictScanner extends TextCursor {
  /** The first code unit of the next token, or NaN at the end. */
  peek(): number {
    const { text } = this;
    let code = text.charCodeAt(this.pos);
    while (code === Char.Space || code === Char.LineFeed || code === Char.CarriageReturn || code === Char.Tab) {
      code = text.charCodeAt(++this.pos);
    }
    return code;
  }

  fail(message: string, offset: number = this.pos): never {
    throw new JsonSyntaxError(message, offset);
  }

  /** After `{` or a comma: takes a key and its colon. */
  readKey(): string {
    if (this.peek() !== Char.DoubleQuote) this.fail('Missing a name for object member.');
    const key = this.readString();
    if (this.peek() !== Char.Colon) this.fail('Missing a colon after a name of object member.');
    this.pos++;
    return key;
  }

  /** After `{`: whether there is an entry; takes `}` otherwise. */
  hasEntry(): boolean {
    if (this.peek() !== Char.CloseBrace) return true;
    this.pos++;
    return false;
  }

  /** After an entry: takes a comma and answers true, or takes `}`. */
  moreEntries(): boolean {
    const code = this.peek();
    if (code !== Char.Comma && code !== Char.CloseBrace) this.fail("Missing a comma or '}' after an object member.");
    this.pos++;
    return code === Char.Comma;
  }

  /** After `[`: whether there is an element; takes `]` otherwise. */
  hasElement(): boolean {
    if (this.peek() !== Char.CloseBracket) return true;
    this.pos++;
    return false;
  }

  /** After an element: takes a comma and answers true, or takes `]`. */
  moreElements(): boolean {
    const code = this.peek();
    if (code !== Char.Comma && code !== Char.CloseBracket) this.fail("Missing a comma or ']' after an array element.");
    this.pos++;
    return code === Char.Comma;
  }

  end(): void {
    if (!Number.isNaN(this.peek())) this.fail('The document root must not follow by other values.');
  }

  /** Takes a literal, which is known to begin here. */
  takeWord(word: 'true' | 'false' | 'null'): void {
    if (!this.text.startsWith(word, this.pos)) this.fail('Invalid value.');
    this.pos += word.length;
  }

  readString(): string {
    const { text } = this;
    let start = ++this.pos;
    let value = '';
    for (;;) {
      const code = text.charCodeAt(this.pos);
      if (code === Char.DoubleQuote) break;
      if (code === Char.Backslash) {
        value += text.slice(start, this.pos) + this.#readEscape();
        start = this.pos;
      } else if (code >= 0x20) {
        this.pos++;
      } else {
        this.fail(
          Number.isNaN(code) ? 'Missing a closing quotation mark in string.' : 'Invalid escape character in string.',
        );
      }
    }
    value = value === '' ? text.slice(start, this.pos) : value + text.slice(start, this.pos);
    this.pos++;
    return value;
  }

  /** Takes a number and answers its text. */
  readNumber(): string {
    const { text } = this;
    const start = this.pos;
    if (text.charCodeAt(this.pos) === Char.Minus) this.pos++;
    if (text.charCodeAt(this.pos) === Char.Zero) this.pos++;
    else if (this.#takeDigits() === 0) this.fail('Invalid value.');
    let isInteger = true;
    if (text.charCodeAt(this.pos) === Char.Dot) {
      this.pos++;
      if (this.#takeDigits() === 0) this.fail('Miss fraction part in number.');
      isInteger = false;
    }
    if ((text.charCodeAt(this.pos) | 0x20) === Char.LetterE) {
      this.pos++;
      const sign = text.charCodeAt(this.pos);
      if (sign === Char.Plus || sign === Char.Minus) this.pos++;
      if (this.#takeDigits() === 0) this.fail('Miss exponent in number.');
      isInteger = false;
    }
    const number = text.slice(start, this.pos);
    const mayOverflow = !isInteger || number.length > 300;
    if (mayOverflow && !Number.isFinite(Number(number))) this.fail('Number too big to be stored in double.', start);
    return number;
  }

  #takeDigits(): number {
    const start = this.pos;
    while (isDigit(this.text.charCodeAt(this.pos))) this.pos++;
    return this.pos - start;
  }

  #readEscape(): string {
    const letter = this.text.charAt(this.pos + 1);
    if (letter === 'u') return this.#readUnicodeEscape();
    const value = ESCAPES.get(letter);
    if (value === undefined) this.fail('Invalid escape character in string.');
    this.pos += 2;
    return value;
  }

  #readUnicodeEscape(): string {
    const high = hexAt(this.text, this.pos + 2);
    if (high < 0) this.fail('Incorrect hex digit after \\u escape in string.');
    if (isLowSurrogate(high)) this.fail('The surrogate pair in string is invalid.');
    if (!isHighSurrogate(high)) {
      this.pos += 6;
      return String.fromCharCode(high);
    }
    const low = this.text.startsWith('\\u', this.pos + 6) ? hexAt(this.text, this.pos + 8) : -1;
    if (!isLowSurrogate(low)) this.fail('The surrogate pair in string is invalid.');
    this.pos += 12;
    return String.fromCharCode(high, low);
  }
}

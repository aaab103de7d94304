import type { KeyValue } from '../../kv/store.ts';

/** A pair, and the line of the file on which it begins, from 1. */
export interface PairInFile extends KeyValue {
  readonly line: number;
}

/** What is wrong with a file of pairs, and where. */
export class PairsError extends Error {
  override readonly name = 'PairsError';

  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
  }
}

/** No pair that a store takes is as long: what is longer and has not come to its end is no pair. */
const LONGEST_PAIR = 1024 * 1024;

/**
 * The pairs of a JSON list of lists of two texts, the key and the value in hex, from its text in pieces of any size. The
 * list is never held as a whole, since it may be larger than the memory. Rejects with a PairsError at the first place that
 * is not as it should be.
 */
export async function* readPairs(pieces: AsyncIterable<string>): AsyncGenerator<PairInFile> {
  const text = new TextInPieces(pieces);
  await text.take(LIST_BEGINS, 'the list of pairs must begin here, with [');
  if (await text.takeIf(LIST_ENDS)) return text.mustEnd();
  do {
    const line = await text.lineOfNext();
    const [, key = '', value = ''] = await text.take(PAIR, 'there must be a pair here, as in ["KEY", "VALUE"]');
    yield { key: fromHex(key, 'key', line), value: fromHex(value, 'value', line), line };
  } while (await text.takeIf(COMMA));
  await text.take(LIST_ENDS, 'a comma or the end of the list, ], is missing');
  await text.mustEnd();
}

const BLANK = /[ \t\r\n]*/y;
const LIST_BEGINS = /[ \t\r\n]*\[/y;
const LIST_ENDS = /[ \t\r\n]*\]/y;
const COMMA = /[ \t\r\n]*,/y;
const PAIR = /[ \t\r\n]*\[[ \t\r\n]*"([^"\\]*)"[ \t\r\n]*,[ \t\r\n]*"([^"\\]*)"[ \t\r\n]*\]/y;

function fromHex(text: string, part: string, line: number): Buffer {
  if (!/^[0-9a-f]*$/i.test(text)) throw new PairsError(line, `the ${part} is not hex`);
  if (text.length % 2 !== 0) throw new PairsError(line, `the ${part} has an odd number of hex digits`);
  return Buffer.from(text, 'hex');
}

/** A text that arrives in pieces, taken from its beginning on. */
class TextInPieces {
  readonly #pieces: AsyncIterator<string>;
  #rest = '';
  #at = 0;
  #line = 1;
  #whole = false;

  constructor(pieces: AsyncIterable<string>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The line on which the next character stands that is no blank. */
  async lineOfNext(): Promise<number> {
    await this.takeIf(BLANK);
    return this.#line;
  }

  /** Takes what the pattern matches, or throws the problem. */
  async take(pattern: RegExp, problem: string): Promise<string[]> {
    const match = await this.takeIf(pattern);
    if (match) return match;
    const line = await this.lineOfNext();
    const ended = this.#whole && this.#at === this.#rest.length;
    throw new PairsError(line, ended ? 'the file ends before its list does' : problem);
  }

  /** As `take`; undefined when something else stands there. */
  async takeIf(pattern: RegExp): Promise<string[] | undefined> {
    for (;;) {
      pattern.lastIndex = this.#at;
      const match = pattern.exec(this.#rest);
      if (this.#decides(match, pattern) || !(await this.#more())) {
        if (match) this.#advance(match[0]);
        return match ?? undefined;
      }
    }
  }

  /** Whether more text could not change what a pattern finds. */
  #decides(match: RegExpExecArray | null, pattern: RegExp): boolean {
    if (!match) return this.#rest.length - this.#at > LONGEST_PAIR;
    // Blanks may go on in the next piece; all else ends with a character of its own.
    return pattern !== BLANK || pattern.lastIndex < this.#rest.length;
  }

  async mustEnd(): Promise<void> {
    const line = await this.lineOfNext();
    if (this.#at < this.#rest.length) throw new PairsError(line, 'something stands behind the end of the list');
  }

  #advance(taken: string): void {
    this.#at += taken.length;
    for (let at = taken.indexOf('\n'); at !== -1; at = taken.indexOf('\n', at + 1)) this.#line++;
  }

  /** Appends the next piece; false when there is none. */
  async #more(): Promise<boolean> {
    if (this.#whole) return false;
    const { done, value } = await this.#pieces.next();
    if (done) {
      this.#whole = true;
      return false;
    }
    this.#rest = this.#rest.slice(this.#at) + value;
    this.#at = 0;
    return true;
  }
}

import type { DescMessage } from '@bufbuild/protobuf';

/** The most text that is remembered, in characters. */
const MOST_CHARS = 4 * 1024 * 1024;

/**
 * Remembers the texts of the encoded messages of one answer: thousands of rowsets may each come with the same schema.
 * When it gets too large, it begins anew.
 */
export class TextMemo {
  readonly #texts = new Map<DescMessage, Map<string, string>>();
  #chars = 0;

  /** The text of a message, which is written when it is not remembered. */
  textOf(schema: DescMessage, message: Uint8Array, write: (message: Uint8Array, memo: TextMemo) => string): string {
    const { buffer, byteOffset, length } = message;
    const name = Buffer.from(buffer, byteOffset, length).toString('latin1');
    const known = this.#texts.get(schema)?.get(name);
    if (known !== undefined) return known;
    const text = write(message, this);
    this.#keep(schema, name, text);
    return text;
  }

  #keep(schema: DescMessage, name: string, text: string): void {
    const chars = name.length + text.length;
    if (this.#chars + chars > MOST_CHARS) {
      this.#texts.clear();
      this.#chars = 0;
    }
    let texts = this.#texts.get(schema);
    if (texts === undefined) {
      texts = new Map();
      this.#texts.set(schema, texts);
    }
    texts.set(name, text);
    this.#chars += chars;
  }
}

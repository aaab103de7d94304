/** Control characters, and those that turn the direction of what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text of the service or of a file on one line of a terminal, where it can neither move the cursor nor hide anything. */
export function plain(text: string): string {
  return text.replace(UNPRINTABLE, (one) => {
    const code = one.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** As `plain`, on as many lines as it has. */
export function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

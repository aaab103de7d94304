/** A text as bash and zsh take it to the letter. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

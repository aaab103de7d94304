const TRIMMED: ReadonlySet<string> = new Set(['/', ' ', '\t']);

/** A path prefix without the slashes, spaces and tabs around it: `/a/b/`, `//a/b` and ` a/b` are all `a/b`. */
export function trimPrefix(prefix: string): string {
  let begin = 0;
  let end = prefix.length;
  while (begin < end && TRIMMED.has(prefix.charAt(begin))) begin++;
  while (begin < end && TRIMMED.has(prefix.charAt(end - 1))) end--;
  return prefix.slice(begin, end);
}

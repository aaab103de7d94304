import { type Given, Rank, type Source } from './given.ts';

const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Reads a file in the style of doris_cloud.conf: `name = value` lines, blank lines, and lines that begin with `#`.
 * A `#` further on belongs to the value. `${NAME}` in a value stands for an environment variable, which must be set.
 */
export function readProperties(
  content: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Source {
  const given: Given[] = [];
  const problems: string[] = [];
  for (const [index, untrimmed] of content.replace(BYTE_ORDER_MARK, '').split('\n').entries()) {
    const line = untrimmed.trim();
    if (line === '' || line.startsWith('#')) continue;
    const from = `${file}:${index + 1}`;
    const equals = line.indexOf('=');
    const name = line.slice(0, equals).trim();
    if (equals === -1 || name === '') {
      problems.push(`${from}: must be a line "name = value", a comment that begins with #, or blank`);
      continue;
    }
    const unset: string[] = [];
    const text = line
      .slice(equals + 1)
      .trim()
      .replace(/\$\{([^}]*)\}/g, (_, variable: string) => {
        const value = environment[variable];
        if (value === undefined) unset.push(variable);
        return value ?? '';
      });
    for (const variable of unset) problems.push(`${from}: ${name}: the environment variable ${variable} is not set`);
    if (unset.length === 0) given.push({ name, text, rank: Rank.file, from });
  }
  return { given, problems };
}

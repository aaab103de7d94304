import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ExitCode } from './exit-code.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const page = (name: string) => readFileSync(join(DOCS, name), 'utf8');

test('docs/command-line.md has the exit codes that there are', () => {
  const [, section = ''] = page('command-line.md').split('\n## Exit codes\n');
  const rows = (section.split('\n## ')[0] ?? '').matchAll(/^\| (\d+) \| .+ \|$/gm);
  expect(Array.from(rows, ([, code]) => Number(code))).toEqual(Object.values(ExitCode));
});

test('docs/store.md says of doctor what the list of codes says', () => {
  expect(page('command-line.md')).toMatch(new RegExp(`^\\| ${ExitCode.Unsound} \\| .*\`doctor\``, 'm'));
  const [said] = /It ends with \d when nothing was found[^.]*/.exec(page('store.md').replaceAll('\n', ' ')) ?? [];
  expect(said).toContain(`${ExitCode.Done} when nothing was found`);
  expect(said).toContain(`${ExitCode.Unsound} when something was`);
});

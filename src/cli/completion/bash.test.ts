import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flagOf } from '../../config/flags.ts';
import { commandTable } from '../commands.ts';
import { flagsOf } from '../program/flags-of-command.ts';
import { bashCompletion } from './bash.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'nereus-completion-'));
  writeFileSync(join(dir, 'complete.bash'), bashCompletion(commandTable));
  writeFileSync(join(dir, 'my file.conf'), '');
  mkdirSync(join(dir, 'my folder'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** What bash offers where the cursor is behind the last of these words. */
function offered(...words: string[]): string[] {
  const script = `source ./complete.bash
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nereus; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const told = execFileSync('bash', ['--norc', '-c', script, 'bash', 'nereus', ...words], {
    cwd: dir,
    encoding: 'utf8',
  });
  return told.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  test('has the script as its completion', () => {
    const script = 'source ./complete.bash; complete -p nereus';
    expect(execFileSync('bash', ['--norc', '-c', script], { cwd: dir, encoding: 'utf8' })).toContain(
      '-F _nereus nereus',
    );
  });

  test('offers nouns, then verbs', () => {
    const { commands, nouns } = commandTable;
    expect(offered('')).toEqual([...commands, ...nouns].map(({ name }) => name));
    for (const noun of nouns) expect(offered(noun.name, '')).toEqual(noun.commands.map(({ name }) => name));
    expect(offered('comp')).toEqual(['completion']);
    expect(offered('config', 'ch')).toEqual(['check']);
  });

  test('offers every flag of every command', () => {
    const { commands, nouns } = commandTable;
    const all = [
      ...commands.map((command) => [[command.name], command] as const),
      ...nouns.flatMap((noun) => noun.commands.map((command) => [[noun.name, command.name], command] as const)),
    ];
    const lists = all.map(([path]) => [path.join(' '), offered(...path, '--')]);
    const expected = all.map(([path, command]) => [
      path.join(' '),
      [...flagsOf(command).map(({ name }) => flagOf(name)), '--help'],
    ]);
    expect(lists).toEqual(expected);
    expect(offered('--data')).toEqual(['--data-dir']);
  });

  test('offers files, folders and words where they are values', () => {
    // Files come in the order in which the file system has them.
    expect(offered('serve', '--config', 'my').sort()).toEqual(['my file.conf', 'my folder']);
    expect(offered('serve', '--data-dir', 'my')).toEqual(['my folder']);
    expect(offered('serve', '--log-format', '')).toEqual(['json', 'pretty']);
    expect(offered('serve', '--listen', '')).toEqual([]);
    expect(offered('serve', '--log-format', '=')).toEqual(['json', 'pretty']);
    expect(offered('serve', '--log-format', '=', 'p')).toEqual(['pretty']);
    expect(offered('instance', 'status', '--token-file', 'my').sort()).toEqual(['my file.conf', 'my folder']);
  });
});

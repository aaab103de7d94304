import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flagOf } from '../../config/flags.ts';
import { commandTable } from '../commands.ts';
import { flagsOf } from '../program/flags-of-command.ts';
import { zshCompletion } from './zsh.ts';

const hasZsh = spawnSync('zsh', ['--version']).status === 0;
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'nereus-completion-'));
  writeFileSync(join(dir, '_nereus'), zshCompletion(commandTable));
});
afterAll(() => rmSync(dir, { recursive: true }));

/**
 * What the script offers behind these words. The part of the shell's language that it is written in is also bash's, whose
 * arrays begin with 0: so the words begin with one that is none. What zsh offers with is told instead.
 */
function offered(...words: string[]): string[] {
  const script = `compdef() { :; }
_describe() { local -n offers=\${@: -1}; printf '%s\\n' "\${offers[@]}"; }
_files() { echo "files $*"; }
_message() { :; }
compadd() { shift; printf '%s\\n' "$@"; }
source ./_nereus
words=(none "$@"); CURRENT=$#; _nereus`;
  const told = execFileSync('bash', ['--norc', '-c', script, 'bash', 'nereus', ...words], {
    cwd: dir,
    encoding: 'utf8',
  });
  return told.split('\n').filter((line) => line !== '');
}

describe('zsh', () => {
  test.skipIf(!hasZsh)('can read the script', () => {
    expect(spawnSync('zsh', ['-n', join(dir, '_nereus')], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test('is offered nouns, then verbs, with what they are', () => {
    const { commands, nouns } = commandTable;
    expect(offered('')).toEqual([...commands, ...nouns].map(({ name, summary }) => `${name}:${summary}`));
    for (const { name, commands } of nouns) {
      expect(offered(name, '')).toEqual(commands.map((verb) => `${verb.name}:${verb.summary}`));
    }
  });

  test('is offered the flags of a command, files, folders and words', () => {
    const drop = commandTable.nouns
      .find(({ name }) => name === 'instance')
      ?.commands.find(({ name }) => name === 'drop');
    const flags = drop === undefined ? [] : flagsOf(drop).map(({ name }) => flagOf(name));
    expect(offered('instance', 'drop', '--').map((line) => line.split(':')[0])).toEqual([...flags, '--help']);
    expect(offered('instance', 'list', '--token-file', '')).toEqual(['files ']);
    expect(offered('serve', '--data-dir', '')).toEqual(['files -/']);
    expect(offered('serve', '--log-format', '')).toEqual(['json', 'pretty']);
    expect(offered('instance', 'list', '--limit', '')).toEqual([]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFlags } from './flags.ts';
import { loadSettings } from './load.ts';
import { secretsIn } from './settings.ts';
import { SettingsError } from './settings-error.ts';
import { showSettings } from './show.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'nereus-config-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function userFile(content: string): string {
  const path = join(dir, 'users');
  writeFileSync(path, content);
  return path;
}

const load = (args: string[], environment = {}) => loadSettings(readFlags(args), environment);

function problems(args: string[]): readonly string[] {
  try {
    load(args);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('who may see the status page', () => {
  test('is a user a line, in a file or wherever a text has lines', () => {
    const users = userFile('root:a:b, c\r\nwatch:\n\n');
    const expected = new Map([
      ['root', 'a:b, c'],
      ['watch', ''],
    ]);
    expect(load(['--cluster-status-users-file', users]).settings.cluster_status_users).toEqual(expected);
    const environment = { NEREUS_CLUSTER_STATUS_USERS: 'root:a:b, c\nwatch:' };
    expect(load([], environment).settings.cluster_status_users).toEqual(expected);
  });

  test.each(['root', ':secret', 'root:1\nroot:2'])('is not told of %j, nor shown', (users) => {
    expect(problems(['--cluster-status-users', users])).toEqual([
      '--cluster-status-users: cluster_status_users must be USER:PASSWORD, each user once and on a line of its own, or empty; it is ******',
    ]);
  });

  test('has a password where other machines can reach the port', () => {
    const args = ['--listen', '0.0.0.0:5000', '--http-token', 'mine'];
    const [problem, ...more] = problems([...args, '--cluster-status-users', 'admin:secret\nroot:\nwatch:']);
    expect(more).toEqual([]);
    expect(problem).toMatch(
      /^listen = 0\.0\.0\.0:5000 can be reached .* empty password for root, watch: give each user a password/,
    );
    expect(load([...args, '--cluster-status-users', 'admin:secret']).settings.cluster_status_users.size).toBe(1);
    expect(load(args).settings.cluster_status_users.size).toBe(0);
    expect(load(['--cluster-status-users', 'root:']).settings.cluster_status_users.size).toBe(1);
  });

  test('is masked wherever settings are shown, and each password wherever it occurs', () => {
    const loaded = load(['--cluster-status-users', 'admin:secret1\nwatch:secret2']);
    expect(showSettings(loaded)).toMatch(/^cluster_status_users = \*{6}$/m);
    expect(secretsIn(loaded.settings)).toEqual(expect.arrayContaining(['secret1', 'secret2', 'greedisgood9999']));
  });
});

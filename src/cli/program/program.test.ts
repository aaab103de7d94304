import { describe, expect, test } from 'vitest';
import { readEnvironment, variableOf } from '../../config/environment.ts';
import { commandTable } from '../commands.ts';
import { run } from '../run.ts';
import { connectionOptions } from '../service/connection.ts';
import { flagsOf } from './flags-of-command.ts';

async function nereus(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, {}, { out: (text) => void out.push(text), err: (text) => void err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}

const { commands, nouns } = commandTable;
const all = [
  ...commands.map((command) => ({ path: [command.name], command })),
  ...nouns.flatMap(({ name, commands }) => commands.map((command) => ({ path: [name, command.name], command }))),
];

describe.each(all)('$path', ({ path, command }) => {
  test('has a help with its examples', async () => {
    const { code, out, err } = await nereus(...path, '--help', '--no-such-flag');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: nereus ${path.join(' ')}`);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { line } of command.examples) expect(out).toContain(`  ${line}\n`);
  });

  test('has examples that name flags which it has', () => {
    const flags = new Set(flagsOf(command).map(({ name }) => name));
    for (const { line } of command.examples) {
      const [own = ''] = line.split(/ [|&>] | && /);
      const named = [...own.matchAll(/ --([a-z0-9-]+)/g)].map(([, name = '']) => name.replaceAll('-', '_'));
      expect(named.filter((name) => !flags.has(name))).toEqual([]);
    }
  });

  test('has no flag and argument of one name', () => {
    const names = [...flagsOf(command).map(({ name }) => name), ...Object.keys(command.arguments ?? {})];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('words', () => {
  test.each([
    [['instanse'], /there is no command "instanse"/],
    [['config', 'chek'], /nereus config has no "chek"; did you mean check\?/],
    [['completion'], /nereus completion needs one of bash, zsh/],
    [['serve', 'extra'], /serve takes only flags/],
    [['config', 'check', 'extra'], /too many arguments/],
    [['config', 'check', '--http-tokn=SECRET'], /there is no flag --http-tokn; did you mean --http-token\?/],
    [['config', 'check', '--json=SECRET'], /--json takes no value/],
    [['config', 'check', '-pSECRET'], /there is no flag -p /],
    [['restore', '--sk', 'SECRET'], /--sk is not taken: everybody on this machine can read/],
    [['restore', '--token=SECRET'], /--token is not taken/],
    [['restore', '--pairs'], /--pairs <FILE>' argument missing/],
  ])('%j are refused, and no value is repeated', async (args, message) => {
    const { code, out, err } = await nereus(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toContain('SECRET');
  });

  test('that are wrong are told as JSON where that is asked for', async () => {
    const { code, out, err } = await nereus('config', 'check', '--json', '--data-dri', 'x');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(JSON.parse(err)).toEqual({
      error: { exit_code: 2, message: expect.stringContaining('did you mean --data-dir?') },
    });
  });
});

describe('help and version', () => {
  test('are words, too', async () => {
    expect((await nereus('help')).out).toContain('Usage: nereus [COMMAND]');
    expect((await nereus('help', 'instance', 'drop')).out).toContain('Usage: nereus instance drop');
    expect((await nereus('help', 'config')).out).toContain('check');
    expect((await nereus('version')).out).toMatch(/^nereus \d/);
    expect(await nereus('help', 'nothing')).toMatchObject({ code: 2 });
  });

  test('come before flags', async () => {
    const { code, err } = await nereus('--json', 'instance', 'list');
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining('commands come before flags, as in nereus '),
    });
  });
});

describe('settings', () => {
  test('are shown with where they come from', async () => {
    const { code, out } = await nereus('config', 'show', '--data_dir=x', '--dry-run', '--json');
    expect(code).toBe(0);
    const { settings } = JSON.parse(out);
    expect(settings).toMatchObject({
      data_dir: { value: 'x', from: '--data-dir' },
      recycler_dry_run: { value: 'true', from: '--dry-run' },
      http_token: { value: '******', from: 'default' },
    });
  });

  test('are checked', async () => {
    expect(await nereus('config', 'check')).toEqual({ code: 0, out: 'the settings are valid\n', err: '' });
    const { code, err } = await nereus('config', 'check', '--max-connections', '0', '--listen', 'no:where');
    expect(code).toBe(2);
    expect(err.split('\n')).toHaveLength(3);
  });

  test('are no variables that are for commands', () => {
    const secrets = all.flatMap(({ command }) => Object.keys(command.secrets ?? {}));
    const names = [...Object.keys(connectionOptions), 'token', ...secrets, ...secrets.map((name) => `${name}_file`)];
    const variables = names.filter((name) => name !== 'ask_token').map((name) => [variableOf(name), 'x']);
    expect(readEnvironment(Object.fromEntries(variables))).toEqual({ given: [], problems: [] });
  });
});

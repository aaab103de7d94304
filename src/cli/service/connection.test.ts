import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConnectionFlags, connectionOf } from './connection.ts';

const NONE: ConnectionFlags = {
  endpoint: undefined,
  token_file: undefined,
  ask_token: false,
  tls_ca: undefined,
  timeout_ms: undefined,
  profile: undefined,
};
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'nereus-profile-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function writeProfile(name: string, content: string, mode = 0o600): void {
  const folder = join(home, 'nereus', 'profiles');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.conf`), content);
  chmodSync(join(folder, `${name}.conf`), mode);
}

async function connect(flags: Partial<ConnectionFlags> = {}, variables: Record<string, string> = {}, typed?: string) {
  const err: string[] = [];
  const input = new PassThrough();
  if (typed !== undefined) input.write(typed);
  const person = typed === undefined ? undefined : { input, output: new PassThrough() };
  const caller = { note: (text: string) => void err.push(text), person };
  const connection = await connectionOf({ ...NONE, ...flags }, { XDG_CONFIG_HOME: home, ...variables }, caller);
  return { ...connection, err: err.join('') };
}

describe('where the service is', () => {
  test('is this machine, with the token that Doris has by default, where nothing is said', async () => {
    expect(await connect()).toEqual({
      endpoints: ['http://127.0.0.1:5000'],
      token: 'greedisgood9999',
      token_by_default: true,
      timeout_ms: 10_000,
      err: '',
    });
  });

  test('is what a flag says, then the environment, then the profile', async () => {
    writeProfile('default', 'endpoint = http://profile:1\ntimeout_ms = 1\ntoken = T\n');
    const variables = { NEREUS_ENDPOINT: 'http://variable:2', NEREUS_TIMEOUT_MS: '2' };
    expect(await connect()).toMatchObject({ endpoints: ['http://profile:1'], timeout_ms: 1, token: 'T' });
    expect(await connect({}, variables)).toMatchObject({ endpoints: ['http://variable:2'], timeout_ms: 2 });
    const flags = { endpoint: 'http://a:3,http://b:3', timeout_ms: 3 };
    expect(await connect(flags, variables)).toMatchObject({ endpoints: ['http://a:3', 'http://b:3'], timeout_ms: 3 });
  });

  test('a profile is chosen by flag or environment, and its paths are seen from its folder', async () => {
    writeProfile('other', 'endpoint = https://meta:5000\ntoken_file = other.token\ntls_ca = ca.pem\n');
    writeProfile('other.token', '');
    writeFileSync(join(home, 'nereus', 'profiles', 'other.token'), 'from its file\n', { mode: 0o600 });
    writeFileSync(join(home, 'nereus', 'profiles', 'ca.pem'), 'certificates');
    const expected = { endpoints: ['https://meta:5000'], token: 'from its file', tls_ca: 'certificates', err: '' };
    expect(await connect({ profile: 'other' })).toMatchObject(expected);
    expect(await connect({}, { NEREUS_PROFILE: 'other' })).toMatchObject(expected);
  });
});

describe('the token', () => {
  test('of a profile goes to no other endpoint', async () => {
    writeProfile('default', 'endpoint = http://profile:1\ntoken = T\n');
    expect(await connect({ endpoint: 'http://elsewhere:1' })).toMatchObject({ token_by_default: true });
    expect(await connect({}, { NEREUS_ENDPOINT: 'http://elsewhere:1' })).toMatchObject({ token_by_default: true });
    const given = await connect({ endpoint: 'http://elsewhere:1' }, { NEREUS_TOKEN: 'mine' });
    expect(given).toMatchObject({ token: 'mine', token_by_default: false });
  });

  test('is asked for', async () => {
    expect(await connect({ ask_token: true }, { NEREUS_TOKEN: 'other' }, 'typed\r')).toMatchObject({ token: 'typed' });
    await expect(connect({ ask_token: true })).rejects.toMatchObject({ code: 2 });
    await expect(connect({ ask_token: true, token_file: 'x' }, {}, 'typed\r')).rejects.toThrow('exclude');
  });

  test('in a file that others can read or write is told, and used', async () => {
    writeProfile('default', 'token = T\n', 0o640);
    expect(await connect()).toMatchObject({ token: 'T', err: expect.stringContaining('others can read') });
    writeProfile('default', 'endpoint = http://a:1\n', 0o644);
    expect(await connect()).toMatchObject({ err: '' });
    writeProfile('default', 'endpoint = http://a:1\n', 0o664);
    expect(await connect()).toMatchObject({ err: expect.stringContaining('others can write') });
    const token_file = join(home, 'token');
    writeFileSync(token_file, 'T');
    chmodSync(token_file, 0o644);
    expect(await connect({ token_file })).toMatchObject({ err: expect.stringContaining('everybody can read') });
    chmodSync(token_file, 0o640);
    expect(await connect({ token_file })).toMatchObject({ token: 'T', err: expect.not.stringContaining('everybody') });
  });
});

describe('a profile that can not be used', () => {
  test.each([
    ['tokn = SECRET', 'did you mean token?'],
    ['http_port = 1', 'known are endpoint'],
    ['token SECRET', 'must be a line'],
    ['token = SECRET\ntoken_file = x', 'say the same'],
    ['timeout_ms = SECRET', 'must be an integer'],
    ['token = $' + '{NO_SUCH_VARIABLE}SECRET', 'is not set'],
  ])('%j is told without what it holds', async (content, message) => {
    writeProfile('default', `${content}\n`);
    const fault = await connect().catch((error: unknown) => error as Error & { code: number });
    expect(fault).toMatchObject({ code: 2, message: expect.stringContaining(message) });
    expect((fault as Error).message).not.toContain('SECRET');
  });

  test('is missing, or has a name that leads elsewhere', async () => {
    await expect(connect({ profile: 'none' })).rejects.toThrow('there is no profile none');
    await expect(connect({ profile: '../x' })).rejects.toThrow('the name of a profile');
    mkdirSync(join(home, 'nereus', 'profiles'), { recursive: true });
    symlinkSync('round.conf', join(home, 'nereus', 'profiles', 'round.conf'));
    await expect(connect({ profile: 'round' })).rejects.toMatchObject({
      code: 2,
      message: expect.stringContaining('ELOOP'),
    });
  });
});

import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

let server: TestServer;
let environment: Record<string, string>;
beforeAll(async () => {
  server = await startTestServer();
  environment = { NEREUS_ENDPOINT: server.base, HOME: '/nonexistent', PATH: process.env.PATH ?? '' };
  const client = createClient({ endpoints: server.base, token: server.token });
  const vault = { hdfs_info: { build_conf: { fs_name: 'hdfs://h:1', user: 'u' }, prefix: 'p' } };
  await client.admin('create_instance', { instance_id: 'demo', name: 'demo_name', user_id: 'ann', vault });
  client.close();
});
afterAll(() => server.stop());

/** Runs a program without a terminal, or in one of `script`, where somebody types when a text shows. */
async function runs(command: string, args: readonly string[], typed: readonly (readonly [string, string])[] = []) {
  const child = spawn(command, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting = [...typed];
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    const [shown, answer] = waiting[0] ?? [];
    if (shown === undefined || !out.includes(shown)) return;
    waiting.shift();
    child.stdin.write(answer);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  if (typed.length === 0) child.stdin.end();
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, out, err };
}

const nereus = (...args: string[]) => runs(process.execPath, [MAIN, ...args]);

/** In a terminal all is one text, and lines end as terminals end them. */
async function atTerminal(args: readonly string[], ...typed: readonly (readonly [string, string])[]) {
  const line = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ');
  const { code, out } = await runs('script', ['-qefc', line, '/dev/null'], typed);
  return { code, text: out.replaceAll('\r\n', '\n') };
}

describe('the program', () => {
  test('answers on standard output, tells errors on standard error, and ends with what happened', async () => {
    expect(await nereus('instance', 'status', 'demo')).toEqual({ code: 0, out: 'NORMAL\n', err: '' });
    expect(await nereus('instance', 'get', 'nowhere')).toMatchObject({
      code: 4,
      out: '',
      err: expect.stringMatching(/^nereus: /),
    });
    expect(await nereus('instance', 'drop', 'demo')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    const { code, out, err } = await nereus('instance', 'get', 'nowhere', '--json');
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(JSON.parse(err)).toMatchObject({ error: { exit_code: 4 } });
  });

  test('does not mind a reader that has seen enough', async () => {
    const line = `'${process.execPath}' '${MAIN}' config show --json | head -c 1; echo "\${PIPESTATUS[0]}"`;
    expect(await runs('bash', ['-c', line])).toEqual({ code: 0, out: '{0\n', err: '' });
  });

  test('has failed when its answer could not be written', async () => {
    const line = `'${process.execPath}' '${MAIN}' instance list --json > /dev/full`;
    const err = "nereus: the standard output can't be written: ENOSPC\n";
    expect(await runs('bash', ['-c', line])).toEqual({ code: 1, out: '', err });
  });

  test.skipIf(!hasScript)('asks whoever is at a terminal', async () => {
    const refused = await atTerminal(['instance', 'drop', 'demo'], ['[y/N]', 'n\n']);
    expect(refused).toMatchObject({ code: 7, text: expect.stringContaining('Drop instance demo?') });
    expect((await nereus('instance', 'status', 'demo')).out).toBe('NORMAL\n');
    const vault = ['--bucket', 'b', '--s3-endpoint', 'e', '--region', 'r'];
    const typed = [
      ['access key of the bucket: ', 'AK-TYPED\r'],
      ['secret key of the bucket: ', 'SK-TYPED\r'],
    ] as const;
    const added = await atTerminal(['vault', 'add', 'demo', 'cold', ...vault], ...typed);
    expect(added).toMatchObject({ code: 0, text: expect.stringContaining('added vault cold') });
    expect(added.text).not.toMatch(/[AS]K-TYPED/);
    const { text } = await atTerminal(['instance', 'list', '--ask-token'], ['Token: ', `${server.token}\r`]);
    expect(text).toContain('demo_name');
    expect(text).not.toContain(server.token);
    expect(await atTerminal(['instance', 'drop', 'demo'], ['[y/N]', 'y\n'])).toMatchObject({ code: 0 });
    expect((await nereus('instance', 'status', 'demo')).out).toBe('DELETED\n');
  });
});

import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeDir, type SpawnedServer, spawnServer } from '../support/run-server.ts';
import { parseAnswers, RawClient } from '../support/server-socket.ts';

let dir: string;
const spawned: SpawnedServer[] = [];
beforeEach(async () => {
  dir = await makeDir();
});
afterEach(async () => {
  for (const { child, exited } of spawned.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  await rm(dir, { recursive: true });
});

function spawn(args: readonly string[], environment: Readonly<Record<string, string>> = {}): SpawnedServer {
  const server = spawnServer(args, environment);
  spawned.push(server);
  return server;
}

const serve = (...args: string[]) => spawn(['--listen', '127.0.0.1:0', '--data-dir', join(dir, 'data'), ...args]);
const portOf = (base: string) => Number(new URL(base).port);

const size = (path: string) =>
  stat(path).then(
    (found) => found.size,
    () => 0,
  );

async function ended(server: SpawnedServer) {
  return { code: await server.exited, ...server.output() };
}

describe('the process', () => {
  test('tells in one line where it serves what', async () => {
    const server = serve();
    const base = await server.base();
    const line = server
      .output()
      .stdout.split('\n')
      .find((one) => one.includes('"msg":"serving"'));
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 'info',
      address: base.replace('http://', ''),
      data_dir: join(dir, 'data'),
      engine: 'embedded',
      version,
    });
    expect((await fetch(`${base}/health`)).status).toBe(200);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('answers what is in flight at %s, and exits with 0', async (signal) => {
    const server = serve();
    const client = await RawClient.connect(portOf(await server.base()));
    client.send('PUT /nowhere HTTP/1.1\r\nContent-Length: 4\r\n\r\nha');
    await fetch(`${await server.base()}/health`);
    server.child.kill(signal);
    await expect.poll(() => server.output().stdout).toContain('"msg":"draining"');
    client.send('lf');
    const [answer] = parseAnswers(await client.untilClosed());
    expect(answer).toMatchObject({ status: 404, headers: { connection: 'close' } });
    const { code, stdout, stderr } = await ended(server);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain(`"signal":"${signal}"`);
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('"msg":"stopped"');
  });

  test('a second signal ends it without waiting', async () => {
    const server = serve('--drain-timeout-ms', '60000');
    const client = await RawClient.connect(portOf(await server.base()));
    client.send('PUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\nha');
    await fetch(`${await server.base()}/health`);
    server.child.kill('SIGTERM');
    await expect.poll(() => server.output().stdout).toContain('"msg":"draining"');
    await new Promise((resolve) => setTimeout(resolve, 600));
    server.child.kill('SIGTERM');
    expect(await ended(server)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('stopped by a second signal'),
    });
    client.close();
  });

  test('a second start on the same directory is refused, and the first goes on', async () => {
    const first = serve();
    const base = await first.base();
    const { code, stderr } = await ended(serve());
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^nereus: .*data is in use by process \d+.*; stop the other process, .*\(--data-dir DIR\)\n$/,
    );
    expect((await fetch(`${base}/health`)).status).toBe(200);
  });

  test('a killed one leaves the directory to the next', async () => {
    const first = serve();
    await first.base();
    first.child.kill('SIGKILL');
    expect(await first.exited).toBe('SIGKILL');
    const base = await serve().base();
    expect((await fetch(`${base}/health`)).status).toBe(200);
  });

  test('a port in use is told, with what to do', async () => {
    const port = portOf(await serve().base());
    const { code, stderr } = await ended(spawn(['--listen', `127.0.0.1:${port}`, '--data-dir', join(dir, 'other')]));
    expect(code).toBe(1);
    expect(stderr).toContain(`nereus: can't listen on 127.0.0.1:${port}: EADDRINUSE: another program`);
    expect(stderr).toContain('(--listen HOST:PORT)');
  });

  test('a reader of the log that goes away does not end it', async () => {
    const server = serve('--log-level', 'debug');
    const base = await server.base();
    server.child.stdout?.destroy();
    for (let i = 0; i < 3; i++) await RawClient.connect(portOf(base)).then((client) => client.socket.resetAndDestroy());
    expect((await fetch(`${base}/health`)).status).toBe(200);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });
});

describe('a restore', () => {
  test('that is killed leaves a store on which nothing starts, until it is done again', async () => {
    const pairs = join(dir, 'pairs.json');
    const value = '00'.repeat(90_000);
    const line = (i: number) => `["${Buffer.from(`key ${i}`).toString('hex')}","${value}"]`;
    const data = join(dir, 'data');
    const restore = () => spawn(['restore', '--pairs', pairs, '--data-dir', data]);
    // Through a pipe that never ends, so that it is killed in the middle however fast it is.
    execFileSync('mkfifo', [pairs]);
    const first = restore();
    const pipe = createWriteStream(pairs);
    pipe.on('error', () => undefined);
    pipe.write(`[${Array.from({ length: 100 }, (_, i) => line(i)).join(',')},`);
    await expect.poll(() => size(join(data, 'data.mdb')), { timeout: 20_000 }).toBeGreaterThan(5_000_000);
    first.child.kill('SIGKILL');
    expect(await first.exited).toBe('SIGKILL');
    pipe.destroy();

    const refused = await ended(serve());
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'it was being filled by nereus restore or nereus move, and that did not come to its end: run the same again',
    );
    await rm(pairs);
    await writeFile(pairs, `[${line(0)}]`);
    expect(await ended(restore())).toMatchObject({ code: 0, stdout: expect.stringContaining('restored 1 pairs') });
    expect((await fetch(`${await serve().base()}/health`)).status).toBe(200);
  });
});

describe('settings', () => {
  test('that are wrong end it with 2 and a line each', async () => {
    const config = join(dir, 'nereus.conf');
    await writeFile(config, '# mine\nlisten = nowhere:x\nhtp_token = SECRET\n');
    const { code, stdout, stderr } = await ended(spawn(['--config', config, '--max-connections', '0']));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      `nereus: ${config}:3: there is no setting "htp_token"; did you mean http_token? (nereus serve --help lists all)`,
      `nereus: ${config}:2: listen must be HOST or HOST:PORT, as in 127.0.0.1:5000, 0.0.0.0:5000 or [::1]:5000; it is "nowhere:x"`,
      'nereus: --max-connections: max_connections must be an integer from 1 to 1000000; it is "0"',
    ]);
  });

  test('that would open the default token to the network end it with 2', async () => {
    const { code, stderr } = await ended(spawn(['--listen', '0.0.0.0:0', '--data-dir', join(dir, 'data')]));
    expect(code).toBe(2);
    expect(stderr).toContain('set a token of your own (--http-token-file FILE');
  });

  test('come from the environment too, and a token shows nowhere', async () => {
    const token = 'SECRET/token+of=mine';
    const server = spawn(['--log-level', 'debug'], {
      NEREUS_LISTEN: '127.0.0.1:0',
      NEREUS_DATA_DIR: join(dir, 'data'),
      NEREUS_HTTP_TOKEN: token,
    });
    const base = await server.base();
    await fetch(`${base}/MetaService/http/get_instance?token=${encodeURIComponent(token)}&instance_id=x`);
    await fetch(`${base}/MetaService/http/get_instance?token=${token}`);
    const raw = await RawClient.connect(portOf(base));
    raw.send(`GET /x?token=${token} HTTP/1.1\r\nbroken ${token}\r\n\r\n`);
    expect(await raw.untilClosed()).not.toContain('SECRET');
    server.child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended(server);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('SECRET');
  });

  test('--help, --version and config print and end with 0, whatever else is wrong', async () => {
    const help = await ended(spawn(['--help', '--no-such-flag']));
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('nereus serve --help lists the settings');
    const settings = await ended(spawn(['serve', '--no-such-flag', '--help']));
    expect(settings).toMatchObject({ code: 0, stderr: '' });
    expect(settings.stdout).toContain('--http-token TOKEN');
    expect((await ended(spawn(['--version']))).stdout).toMatch(/^nereus \d+\.\d+\.\d+\n$/);
    const config = await ended(spawn(['config', '--http-token', 'SECRET-TOKEN']));
    expect(config.code).toBe(0);
    expect(config.stdout).toContain('# --http-token\nhttp_token = ******\n');
    const typo = await ended(spawn(['serv']));
    expect(typo).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('did you mean serve?') });
  });

  test('can send the log to a directory', async () => {
    const logs = join(dir, 'logs');
    const server = serve('--log-dir', logs);
    const read = () => readFile(join(logs, 'nereus.log'), 'utf8').catch(() => '');
    await expect.poll(read, { timeout: 20_000 }).toContain('"msg":"serving"');
    server.child.kill('SIGTERM');
    expect(await ended(server)).toMatchObject({ code: 0, stdout: '' });
    expect(await read()).toContain('"msg":"stopped"');
  });
});

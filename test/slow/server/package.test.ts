import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDir, spawnServer } from '../../support/run-server.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PACKAGING_MS = 600_000;
const run = promisify(execFile);
const packaged = (target: string) => run('npm', ['run', '--silent', 'package', '--', target], { cwd: ROOT });

let dir: string;
let program: string;
beforeAll(async () => {
  dir = await makeDir();
  program = join(dir, 'nereus/dist/src/main.js');
  await packaged(join(dir, 'nereus'));
}, PACKAGING_MS);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('the program in a folder runs with the settings that systemd gives it, on the packages in that folder alone', async () => {
  const etc = join(dir, 'etc');
  mkdirSync(etc);
  writeFileSync(join(etc, 'http_token'), 'a-token-of-our-own\n');
  writeFileSync(join(etc, 'encryption_key'), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  const conf = readFileSync(join(ROOT, 'deploy/systemd/nereus.conf'), 'utf8')
    .replaceAll('/etc/nereus', etc)
    .replaceAll('/var/lib/nereus', join(dir, 'var'))
    .replace('0.0.0.0:5000', '127.0.0.1:0');
  writeFileSync(join(etc, 'nereus.conf'), conf);

  const server = spawnServer(['serve', '--config', join(etc, 'nereus.conf')], {}, program);
  const base = await server.base();
  const asked = await fetch(
    `${base}/MetaService/http/v1/encode_key?token=a-token-of-our-own&key_type=InstanceKey&instance_id=i`,
  );
  expect(asked.status).toBe(200);
  expect((await fetch(`${base}/health`)).status).toBe(200);
  const page = await fetch(`${base}/api/swagger-ui-bundle.js`);
  expect([page.status, (await page.arrayBuffer()).byteLength > 1_000_000]).toEqual([200, true]);
  expect((await fetch(`${base}/api/openapi.json`)).status).toBe(200);
  server.child.kill('SIGTERM');
  expect(await server.exited).toBe(0);
  expect(server.output().stdout).not.toContain('a-token-of-our-own');
});

test('the program can be called by itself', async () => {
  const { stdout } = await run(program, ['--version']);
  expect(stdout).toContain(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
});

test('a folder that is not empty is left as it is', async () => {
  await expect(packaged(join(dir, 'nereus'))).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is not empty'),
  });
});

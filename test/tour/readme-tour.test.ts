import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFlags } from '../../src/config/flags.ts';
import { loadSettings } from '../../src/config/load.ts';
import { isSettingName, SETTINGS } from '../../src/config/settings.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';
import { blocksOf, comparable, readTour } from './tour.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const STAND_IN = join(import.meta.dirname, 'curl-stand-in.mjs');
const ADDRESS = /127\.0\.0\.1:5000/g;

const run = promisify(execFile);
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** A fresh machine may have no curl; what stands in for it keeps the tour tested there. */
describe('the tour in README.md, with a stand-in for curl', () => takeTour(true));
describe.skipIf(!hasCurl)('the tour in README.md, with curl itself', () => takeTour(false));

function takeTour(standIn: boolean): void {
  let folder: string;
  let server: TestServer | undefined;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nereus-tour-'));
    writeFileSync(join(folder, 'curl'), `#!/bin/sh\nexec "${process.execPath}" "${STAND_IN}" "$@"\n`);
    chmodSync(join(folder, 'curl'), 0o755);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const steps = readTour('README.md', README, 'A first tour');
  test('it has calls, and starts the service twice', () => {
    expect(steps.filter(({ kind }) => kind === 'call').length).toBeGreaterThan(12);
    expect(steps.filter(({ kind }) => kind === 'start').length).toBe(2);
  });
  for (const step of steps) {
    if (step.kind === 'start') {
      test('npm start', async () => {
        await server?.stop();
        server = await startTestServer({ dir: join(folder, 'data') });
      });
      continue;
    }
    test(`${step.place}: ${step.command.slice(step.command.lastIndexOf('curl')).split('\n')[0]}`, async () => {
      const address = new URL(server?.base ?? '').host;
      const path = [...(standIn ? [folder] : []), process.env.PATH].join(delimiter);
      const { stdout } = await run('sh', ['-c', step.command.replaceAll(ADDRESS, address)], {
        // A proxy or a .curlrc of whoever runs the test is none of the tour's business.
        env: { ...process.env, PATH: path, no_proxy: '*', CURL_HOME: folder },
      });
      expect(comparable(stdout)).toBe(comparable(step.answer));
    });
  }
}

test('the settings that README.md changes first are understood', () => {
  const [block] = blocksOf(README, 'The settings that everyone changes first');
  const [command, ...flags] = (block?.text ?? '').split(' -- ');
  expect(command).toBe('npm start');
  const { settings } = loadSettings(readFlags(flags.join(' ').split(' ')), {});
  expect(settings).toMatchObject({
    listen: { host: '0.0.0.0' },
    brpc_listen_port: 5000,
    data_dir: '/var/lib/nereus',
    http_token: 'your-own-token',
  });
});

test('the flags that README.md names are settings', () => {
  const flags = [...README.matchAll(/`--([a-z-]+) [A-Z:]+`/g)].map(([, flag = '']) => flag);
  expect(flags).toEqual(expect.arrayContaining(['listen', 'data-dir', 'http-token', 'http-token-file']));
  for (const flag of flags) {
    const name = flag.replaceAll('-', '_');
    const secret = name.replace(/_file$/, '');
    expect(isSettingName(name) || (isSettingName(secret) && SETTINGS[secret].secret), flag).toBe(true);
  }
});

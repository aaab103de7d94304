import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { methods } from '../../src/rpc/methods.ts';
import { makeDir, startTestServer, type TestServer } from '../support/run-server.ts';
import { replay } from './replay.ts';
import type { Step, Suite } from './suite.ts';

const HERE = join(import.meta.dirname, 'takeover');

let server: TestServer;
beforeAll(async () => {
  const dir = await makeDir();
  const said: string[] = [];
  const terminal = { out: (text: string) => void said.push(text), err: (text: string) => void said.push(text) };
  const args = ['restore', '--pairs', join(HERE, 'store.json'), '--data-dir', dir];
  expect(await run(args, {}, terminal), said.join('')).toBe(0);
  expect(said.join('')).toContain('restored 1301 pairs');
  server = await startTestServer({ dir });
});
afterAll(() => server.stop());

/** Whether the service has what a step asks for. */
function isServed({ path }: Step): boolean {
  const [, name = ''] = /^\/MetaService\/(\w+)$/.exec(path) ?? [];
  return name === '' || Object.hasOwn(methods, name);
}

describe('a store that Doris wrote, restored', () => {
  const suite = JSON.parse(readFileSync(join(HERE, 'reads.json'), 'utf8')) as Suite;

  test('is read as Doris read it', async () => {
    const served = { ...suite, steps: suite.steps.filter(isServed) };
    expect(served.steps.length).toBeGreaterThan(800);
    expect(await replay(served, server)).toEqual([]);
  });
});

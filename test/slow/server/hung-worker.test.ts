import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeDir, type SpawnedServer, spawnServer } from '../../support/run-server.ts';

let dir: string;
let server: SpawnedServer;

afterEach(async () => {
  server.child.kill('SIGTERM');
  await server.exited;
  await rm(dir, { recursive: true });
});

test('a worker that does not answer for half a minute is killed, and another takes its place', async () => {
  dir = await makeDir();
  server = spawnServer(['--listen', '127.0.0.1:0', '--data-dir', join(dir, 'data'), '--workers', '2']);
  await server.base();
  const workers = () => [...server.output().stdout.matchAll(/"msg":"worker ready","worker":\d+,"pid":(\d+)/g)];
  await expect.poll(() => workers().length).toBe(2);
  const began_ms = performance.now();
  process.kill(Number(workers()[0]?.[1]), 'SIGSTOP');
  await expect.poll(() => workers().length, { timeout: 120_000, interval: 200 }).toBe(3);
  expect(performance.now() - began_ms).toBeGreaterThan(29_000);
  expect(server.output().stdout).toContain('a worker does not answer, and is killed');
  expect(server.output().stdout).toContain('a worker ended by SIGKILL');
}, 180_000);

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { logged, makeDir, oneWorkerOf, type SpawnedServer, spawnServer, workersOf } from '../../support/run-server.ts';

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
  const hung = await oneWorkerOf(server);
  const began_ms = performance.now();
  process.kill(hung, 'SIGSTOP');
  await expect.poll(() => workersOf(server).length, { timeout: 120_000, interval: 200 }).toBe(3);
  expect(performance.now() - began_ms).toBeGreaterThan(29_000);
  expect(logged(server, /^a worker does not answer, and is killed$/)).toHaveLength(1);
  expect(logged(server, /^a worker ended by SIGKILL$/)).toHaveLength(1);
}, 180_000);

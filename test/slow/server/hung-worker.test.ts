import { readFileSync } from 'node:fs';
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

test.skipIf(process.platform !== 'linux')(
  'a worker that hangs while it starts is killed, and the service says that it could not start',
  async () => {
    dir = await makeDir();
    server = spawnServer(['--listen', '127.0.0.1:0', '--data-dir', join(dir, 'data'), '--workers', '2']);
    await expect.poll(() => workerPrograms(server).length, { timeout: 20_000, interval: 1 }).toBe(2);
    process.kill(workerPrograms(server)[1] as number, 'SIGSTOP');
    expect(await server.exited).toBe(1);
    expect(logged(server, /^a worker does not answer, and is killed$/)).toHaveLength(1);
  },
  180_000,
);

/** The processes that run the program of a worker. Before they do, whoever forked them waits for them. */
function workerPrograms({ child: { pid } }: SpawnedServer): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return children
    .map(Number)
    .filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('worker-process'));
}

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { projectFiles, ROOT } from '../repository/files.ts';
import { startTestServer } from '../support/run-server.ts';
import { SHARED_CALLS } from '../support/shared-calls.ts';

const SCRIPT = join(import.meta.dirname, 'python/shared_calls.py');
/** Debian's own comes first, since its packages are for it alone. */
const PYTHON = ['/usr/bin/python3', 'python3'].find((python) => runs(python, '-c', 'import grpc, google.protobuf'));
const canRun = PYTHON !== undefined && runs('protoc', '--version');

if (!canRun) console.log('python3-grpcio, python3-protobuf or protoc is not here: calls by Python are skipped');

test.skipIf(!canRun)("Python's gRPC makes the shared calls", async () => {
  const generated = mkdtempSync(join(tmpdir(), 'nereus-python-'));
  const server = await startTestServer();
  try {
    const protos = projectFiles().filter((path) => /^proto\/(?:cloud|olap)\/.*\.proto$/.test(path));
    const protoc = spawnSync('protoc', ['-I', 'proto', `--python_out=${generated}`, ...protos], { cwd: ROOT });
    expect(protoc.stderr.toString()).toBe('');
    const child = spawn(PYTHON ?? '', [SCRIPT, server.base.replace('http://', ''), generated]);
    child.stdin.end(JSON.stringify(SHARED_CALLS));
    const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
    expect(stderr.toString()).toBe('');
    expect(stdout.toString()).toBe(`${SHARED_CALLS.length} calls answered as expected\n`);
  } finally {
    await server.stop();
    rmSync(generated, { recursive: true, force: true });
  }
});

function runs(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

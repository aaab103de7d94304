import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const STAND_IN = join(ROOT, 'test/support/kv/foundationdb/stand-in/libfdb_c.cpp');
/** With patience for a machine that is busy, and an end where something hangs. */
const SUITES_WITHIN_MS = 600_000;
const END_WITHIN_MS = 60_000;

/** Why it can't be run here. */
function missing(): string | undefined {
  try {
    createRequire(import.meta.url).resolve('foundationdb');
  } catch {
    return 'the npm package foundationdb is not installed, as docs/foundationdb.md says';
  }
  return spawnSync('g++', ['--version']).status === 0 ? undefined : 'there is no g++';
}

/** Opens the store, and ends at once while it is owed so many answers. */
const ENDING = `
  const { openFoundationDbStore } = await import('./dist/src/kv/foundationdb/store.js');
  const at = (...of) => Buffer.from(of.join());
  const receipts = { range: { begin: Buffer.from('r'), end: Buffer.from('s') }, at };
  const cluster_file_path = process.env.FDB_CLUSTER_FILE;
  const store = await openFoundationDbStore({ cluster_file_path, timeout_ms: 10_000, receipts });
  for (let i = 0; i < Number(process.argv[1]); i++) store.begin().get(Buffer.from('a')).catch(() => undefined);
  // Until the answers have come, without taking any.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  process.exit(3);
`;

describe('the npm package foundationdb over a stand-in for the client library', () => {
  const why = missing();
  if (why !== undefined) {
    test.skip(`not run, since ${why}`, () => undefined);
    return;
  }
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'nereus-fdb-'));
    execFileSync('g++', [
      '-std=c++17',
      '-O1',
      '-fPIC',
      '-shared',
      '-o',
      join(dir, 'libfdb_c.so'),
      STAND_IN,
      '-lpthread',
    ]);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  function node(args: readonly string[], timeout: number) {
    const env = { ...process.env, LD_LIBRARY_PATH: dir, FDB_CLUSTER_FILE: join(dir, 'fdb.cluster') };
    return spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8', timeout });
  }

  test('keeps the contract, is serializable for several processes, and serves a cluster', () => {
    const files = ['test/kv/foundationdb.test.ts', 'test/kv/model.test.ts', 'test/simulation/simulation.test.ts'];
    const { status, stdout } = node(
      ['node_modules/vitest/vitest.mjs', 'run', ...files, '-t', 'on FoundationDB'],
      SUITES_WITHIN_MS,
    );
    expect(status, stdout).toBe(0);
    expect(Number(/(\d+) passed, 0 failed/.exec(stdout)?.[1])).toBeGreaterThan(75);
  });

  test('takes over a store that Doris wrote, and goes on above its versions', () => {
    const program = 'dist/src/main.js';
    const cluster = ['--kv', 'foundationdb', '--fdb-cluster-file-path', join(dir, 'taken.cluster')];
    const restored = node(
      [program, 'restore', '--pairs', 'test/conformance/takeover/store.json', ...cluster],
      END_WITHIN_MS,
    );
    expect(restored, restored.stderr).toMatchObject({ status: 0 });
    expect(Number(/versions go on above (\d+)/.exec(restored.stdout)?.[1])).toBeGreaterThan(80_000_000_000);
    const doctor = node([program, 'doctor', ...cluster], END_WITHIN_MS);
    expect(doctor, doctor.stdout).toMatchObject({ status: 0 });
    expect(doctor.stdout).toMatch(/instance +35 /);
  });

  test('moves that store out into a directory, and on into another cluster, where it is the same', () => {
    const program = 'dist/src/main.js';
    const [taken, second, data] = ['taken.cluster', 'second.cluster', 'data'].map((name) => join(dir, name));
    const move = (from: string, to: string) => {
      const { status, stdout, stderr } = node([program, 'move', '--from', from, '--to', to, '--json'], END_WITHIN_MS);
      expect(status, stderr).toBe(0);
      return JSON.parse(stdout);
    };
    // The stand-in has one cluster a process, so none of these has two.
    const there = move(`foundationdb:${taken}`, `embedded:${data}`);
    const back = move(`embedded:${data}`, `foundationdb:${second}`);
    expect(back).toMatchObject({ pairs: 1_300, sha256: there.sha256 });
    expect(BigInt(back.version)).toBeGreaterThanOrEqual(BigInt(there.version));
    const file = join(dir, 'taken.dump');
    const cluster = ['--kv', 'foundationdb', '--fdb-cluster-file-path', second as string];
    const dumped = node([program, 'dump', '--out', file, '--json', ...cluster], END_WITHIN_MS);
    expect(JSON.parse(dumped.stdout)).toMatchObject({ pairs: 1_300 });
  });

  test.each([
    [16, { status: 3, signal: null }],
    [17, { status: null, signal: 'SIGKILL' }],
    [1_000, { status: null, signal: 'SIGKILL' }],
  ])('ends a process that %i answers are owed to', (owed, ended) => {
    expect(node(['--input-type=module', '--eval', ENDING, `${owed}`], END_WITHIN_MS)).toMatchObject(ended);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { programPath } from '../../support/kv/programs.ts';
import { temporaryFolder } from '../../support/kv/temporary-store.ts';
import { checkSyncs, finishedCalls, whyNotTraceable } from '../../support/kv/trace.ts';

const CALLS = 'openat,write,writev,pwrite64,pwritev,fsync,fdatasync,msync';

describe('each acknowledgement follows the sync that covers it', () => {
  for (const [writers, commits] of [
    [1, 60],
    [16, 20],
  ] as const) {
    test(`with ${writers} commits in flight`, async ({ skip }) => {
      const obstacle = whyNotTraceable();
      skip(obstacle !== undefined, obstacle);
      const dir = await temporaryFolder();
      try {
        const output = join(dir, 'trace');
        const program = [process.execPath, programPath('write-process'), join(dir, 'store'), 'r', `${writers}`];
        const args = ['-f', '-y', '-qq', '-s', '200', '-e', `trace=${CALLS}`, '-o', output];
        const child = spawn('strace', [...args, ...program, String(commits)], {
          stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
        });
        (child.stdio[3] as Readable).resume();
        const [code] = await once(child, 'exit');
        expect(code).toBe(0);
        const report = checkSyncs(finishedCalls(await readFile(output, 'latin1')));
        expect(report.acknowledgements).toBe(writers * commits);
        expect(report.synced_commits).toBeGreaterThanOrEqual(commits);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    });
  }
});

describe('the check itself notices', () => {
  const stamp = (version: number) => `"r.0.0 ${String(version).padStart(16, '0')}0000\\n"`;
  const before = [
    '7 openat(AT_FDCWD, "/d/data.mdb", O_RDWR|O_CREAT, 0664) = 20</d/data.mdb>',
    '7 openat(AT_FDCWD, "/d/data.mdb", O_RDWR|O_DSYNC) = 21</d/data.mdb>',
    '8 pwrite64(20</d/data.mdb>, ""..., 4096, 8192) = 4096',
  ];
  const sync = '8 fdatasync(20</d/data.mdb>) = 0';
  const meta = '8 pwrite64(21</d/data.mdb>, ""..., 144, 40) = 144';
  const acknowledge = `7 write(3<pipe:[1]>, ${stamp(1)}, 30) = 30`;

  test('an acknowledgement before the sync has returned', () => {
    const early = [...before, '8 fdatasync(20</d/data.mdb> <unfinished ...>', acknowledge];
    const lines = [...early, '8 <... fdatasync resumed>)        = 0', meta];
    expect(() => checkSyncs(finishedCalls(lines.join('\n')))).toThrow(/only written/);
  });

  test('an acknowledgement before the meta page is written', () => {
    expect(() => checkSyncs(finishedCalls([...before, sync, acknowledge, meta].join('\n')))).toThrow(/only synced/);
  });

  test('and lets pass what is in order', () => {
    const calls = finishedCalls([...before, sync, meta, acknowledge].join('\n'));
    expect(checkSyncs(calls)).toEqual({ acknowledgements: 1, synced_commits: 1 });
  });
});

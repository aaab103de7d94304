import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { bytes, counter } from '../../support/kv/bytes.ts';
import { programPath } from '../../support/kv/programs.ts';
import { temporaryFolder } from '../../support/kv/temporary-store.ts';
import { whyNotTraceable } from '../../support/kv/trace.ts';

const COMMITS = 8;
/** More writes than one thread does in the time. */
const WRITES = 25;
const LONGEST_MS = 30_000;

let dir: string;
beforeAll(async () => {
  dir = await temporaryFolder();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/**
 * Commits to a new store while the writes that `when` says fail, and returns how the commits ended. A failing write may
 * end the process, as lmdb carries LMDB; then the commit that was on its way is `unanswered`, and no more are sent.
 */
async function commitWhile(when: string, store: string, exclusive: boolean): Promise<readonly string[]> {
  const fresh = await openEmbeddedStore({ dir: store });
  await fresh.close();
  const inject = `inject=pwrite64,pwritev:error=EIO:when=${when}`;
  const program = [process.execPath, programPath('failing-process'), store, String(COMMITS), String(exclusive)];
  // Writes are counted by thread, so one thread does them all.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
  const args = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=pwrite64,pwritev', '-e', inject, ...program];
  const running = promisify(execFile)('strace', args, { env, timeout: LONGEST_MS });
  const { stdout } = await running.catch((error: { readonly killed: boolean; readonly stdout: string }) => {
    if (error.killed) throw error;
    return { stdout: `${error.stdout}unanswered` };
  });
  return stdout.trimEnd().split('\n');
}

/** What is wrong with what the store holds after commits that ended so. */
async function problemsOf(store: string, outcomes: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  const reopened = await openEmbeddedStore({ dir: store, exclusive: true });
  await reopened.transact(async (txn) => {
    let there = 0n;
    for (const [i, outcome] of outcomes.entries()) {
      const is_there = (await txn.get(bytes(`k${i}`))) !== undefined;
      if (is_there) there++;
      const is_open = outcome === 'commit_unknown' || outcome === 'unanswered';
      if (!is_open && is_there !== (outcome === 'made')) {
        problems.push(`commit ${i} ended with ${outcome}, and is ${is_there ? '' : 'not '}there`);
      }
    }
    expect(await txn.get(bytes('count'))).toEqual(there === 0n ? undefined : counter(there));
    txn.set(bytes('more'), bytes('1'));
  });
  await reopened.close();
  return problems;
}

describe.each([true, false])('whichever write fails, alone on the directory: %s,', (exclusive) => {
  test('every commit is answered, and truly', async ({ skip }) => {
    const obstacle = whyNotTraceable();
    skip(obstacle !== undefined, obstacle);
    const met = new Set<string>();
    for (let write = 1; write <= WRITES; write++) {
      // One that fails alone, and one after which none gets through.
      for (const when of [`${write}`, `${write}+`]) {
        const store = join(dir, `${exclusive}-${when}`);
        const outcomes = await commitWhile(when, store, exclusive);
        expect(await problemsOf(store, outcomes), `${when}: ${outcomes}`).toEqual([]);
        if (outcomes.at(-1) !== 'unanswered') expect(outcomes).toHaveLength(COMMITS);
        const unknown = outcomes.indexOf('commit_unknown');
        const after = unknown === -1 ? [] : outcomes.slice(unknown + 1);
        expect(after.filter((outcome) => outcome !== 'storage')).toEqual([]);
        for (const outcome of outcomes) met.add(outcome);
      }
    }
    expect([...met]).toEqual(expect.arrayContaining(['commit_unknown', 'made', 'storage']));
  });
});

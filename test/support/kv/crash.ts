import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import type { Random } from '../random.ts';
import { readGroups } from './crash-groups.ts';
import { forkProgram } from './programs.ts';

/** A process that writes, and what it has reported. */
export interface Writer {
  readonly child: ChildProcess;
  /** The id and the versionstamp of each acknowledged commit. */
  readonly acknowledged: Map<string, string>;
  /** Resolves when its first commit is reported. */
  readonly started: Promise<void>;
  /** Resolves when it is gone and everything that it had reported is read. */
  readonly gone: Promise<void>;
}

/** Starts a process that writes into `dir` until it is killed. */
export function startWriter(dir: string, round: string, exclusive = true): Writer {
  const args = [dir, round, '8', 'Infinity', String(exclusive)];
  const child = forkProgram('write-process', args, ['ignore', 'inherit', 'inherit', 'pipe', 'ipc']);
  const reports = child.stdio[3] as Readable;
  const acknowledged = new Map<string, string>();
  let rest = '';
  const started = new Promise<void>((resolve, reject) => {
    reports.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      // A report that was cut off by the kill was not made.
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [id = '', versionstamp = ''] = line.split(' ');
        acknowledged.set(id, versionstamp);
      }
      resolve();
    });
    child.once('exit', () => reject(new Error('The writer ended before its first commit.')));
  });
  const gone = Promise.all([once(child, 'exit'), once(reports, 'close')]).then(() => undefined);
  return { child, acknowledged, started, gone };
}

/** Kills a writing process `rounds` times at random moments, and throws when what is left is not what was acknowledged. Returns the number of acknowledged commits. */
export async function crashRepeatedly(dir: string, rounds: number, random: Random): Promise<number> {
  let last_versionstamp = '';
  let known = new Map<string, string>();
  let acknowledged = 0;
  for (let round = 0; round < rounds; round++) {
    const writer = startWriter(dir, String(round));
    await writer.started;
    await sleep(random.int(250));
    writer.child.kill('SIGKILL');
    await writer.gone;
    acknowledged += writer.acknowledged.size;
    const store = await openEmbeddedStore({ dir, exclusive: true });
    const groups = await readGroups(store);
    await store.close();
    checkKept(known, groups);
    checkKept(writer.acknowledged, groups);
    last_versionstamp = checkRisen(known, groups, last_versionstamp);
    known = groups;
  }
  return acknowledged;
}

/** Throws unless each of `commits` is among `groups` with its versionstamp. */
export function checkKept(commits: ReadonlyMap<string, string>, groups: ReadonlyMap<string, string>): void {
  for (const [id, versionstamp] of commits) {
    if (groups.get(id) !== versionstamp) {
      throw new Error(`Commit ${id} was acknowledged as ${versionstamp}, and the store has ${groups.get(id)}.`);
    }
  }
}

/** Throws unless the groups that are new have versionstamps of their own above `last`; returns the highest. */
function checkRisen(known: ReadonlyMap<string, string>, groups: ReadonlyMap<string, string>, last: string): string {
  const fresh = [...groups].filter(([id]) => !known.has(id)).map(([, versionstamp]) => versionstamp);
  fresh.sort();
  if (new Set(fresh).size !== fresh.length) {
    throw new Error('A versionstamp was given out twice.');
  }
  const [lowest] = fresh;
  if (lowest !== undefined && lowest <= last) {
    throw new Error(`Versionstamp ${lowest} is not above ${last}, which was given out before the restart.`);
  }
  return fresh[fresh.length - 1] ?? last;
}

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import { bytes, text } from '../support/kv/bytes.ts';
import { forkProgram } from '../support/kv/programs.ts';
import { temporaryFolder } from '../support/kv/temporary-store.ts';

interface Answer {
  readonly opened?: boolean;
  readonly code?: string;
  readonly message?: string;
}

describe('who may open a directory', () => {
  let dir: string;
  let children: ChildProcess[] = [];

  beforeEach(async () => {
    dir = await temporaryFolder();
  });

  afterEach(async () => {
    for (const child of children) {
      child.kill('SIGKILL');
    }
    children = [];
    await rm(dir, { recursive: true, force: true });
  });

  /** Opens the directory in another process and returns what that says. */
  async function openElsewhere(exclusive: boolean): Promise<{ child: ChildProcess; answer: Answer }> {
    const child = forkProgram('hold-process', [dir, String(exclusive)]);
    children.push(child);
    const [answer] = await once(child, 'message');
    return { child, answer: answer as Answer };
  }

  test('a second exclusive opener is refused, in this process and in another, with a message that names the first', async () => {
    const store = await openEmbeddedStore({ dir, exclusive: true });
    await expect(openEmbeddedStore({ dir, exclusive: true })).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining(`process ${process.pid} `),
    });
    const { answer } = await openElsewhere(true);
    expect(answer).toMatchObject({ code: 'in_use', message: expect.stringContaining(`process ${process.pid} `) });
    await store.transact(async (txn) => txn.set(bytes('a'), bytes('still usable')));
    expect(text(await store.transact((txn) => txn.get(bytes('a'))))).toBe('still usable');
    await store.close();
    await (await openEmbeddedStore({ dir, exclusive: true })).close();
  });

  test('exclusive and shared openers keep each other out', async () => {
    const shared = await openEmbeddedStore({ dir });
    await expect(openEmbeddedStore({ dir, exclusive: true })).rejects.toMatchObject({ code: 'in_use' });
    const second = await openEmbeddedStore({ dir });
    await Promise.all([shared.close(), second.close()]);
    const exclusive = await openEmbeddedStore({ dir, exclusive: true });
    await expect(openEmbeddedStore({ dir })).rejects.toMatchObject({ code: 'in_use' });
    await exclusive.close();
  });

  test('those who share a directory keep other groups out', async () => {
    const one = await openEmbeddedStore({ dir, group: 'one' });
    await expect(openEmbeddedStore({ dir, group: 'two' })).rejects.toMatchObject({ code: 'in_use' });
    await expect(openEmbeddedStore({ dir })).rejects.toMatchObject({ code: 'in_use' });
    const another = await openEmbeddedStore({ dir, group: 'one' });
    await Promise.all([one.close(), another.close()]);
    await (await openEmbeddedStore({ dir, group: 'two' })).close();
  });

  test('the directory of a killed process can be opened at once', async () => {
    const { child, answer } = await openElsewhere(true);
    expect(answer).toEqual({ opened: true });
    await expect(openEmbeddedStore({ dir, exclusive: true })).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining(`process ${child.pid} `),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await openEmbeddedStore({ dir, exclusive: true });
    await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
    await store.close();
    expect((await readdir(dir)).sort()).toEqual(['data.mdb', 'lock.mdb', 'openers']);
    expect(await readdir(join(dir, 'openers'))).toEqual([]);
  });

  test('of many that open at the same moment, one gets it', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => openElsewhere(true)));
    expect(answers.filter(({ answer }) => answer.opened)).toHaveLength(1);
    expect(answers.filter(({ answer }) => answer.code === 'in_use')).toHaveLength(4);
  });

  // LMDB, as lmdb carries it, writes into the shared lock file which commit it takes for the last when it opens a directory.
  test.each([true, false])('opening beside a writer (alone: %s) takes no commit back', async (exclusive) => {
    const store = await openEmbeddedStore({ dir, exclusive });
    let acknowledged = 0;
    let writing = true;
    async function write(): Promise<void> {
      while (writing) {
        const txn = store.begin();
        txn.set(bytes(`commit ${acknowledged}`), bytes('here'));
        await txn.commit();
        acknowledged++;
      }
    }
    const writer = write();
    const answers = await Promise.all(
      Array.from({ length: 2 }, async () => {
        const child = forkProgram('open-process', [dir, String(exclusive), '100']);
        children.push(child);
        const [answer] = await once(child, 'message');
        return answer;
      }),
    );
    const all = exclusive ? { opened: 0, refused: 100, failed: [] } : { opened: 100, refused: 0, failed: [] };
    expect(answers).toEqual([all, all]);
    writing = false;
    await writer;
    const missing: number[] = [];
    for (let i = 0; i < acknowledged; i++) {
      if ((await store.transact((txn) => txn.get(bytes(`commit ${i}`)))) === undefined) missing.push(i);
    }
    expect(missing).toEqual([]);
    await store.close();
  });

  /** Connects to the only opener, as one does that wants to open beside it, and never says a word. */
  async function askAndStay(): Promise<Socket> {
    const names = (await readdir(join(dir, 'openers'))).filter((name) => name.endsWith('.sock'));
    const socket = connect(join(dir, 'openers', names[0] ?? ''));
    await once(socket, 'connect');
    return socket.resume();
  }

  test('nobody holds back the commits of who is alone', async () => {
    const store = await openEmbeddedStore({ dir, exclusive: true });
    const asker = await askAndStay();
    await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
    asker.destroy();
    await store.close();
  });

  test('among those who share, commits wait for who opens, and go on when that dies', async () => {
    const store = await openEmbeddedStore({ dir });
    const asker = await askAndStay();
    let committed = false;
    const commit = store
      .transact(async (txn) => txn.set(bytes('a'), bytes('1')))
      .then(() => {
        committed = true;
      });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(committed).toBe(false);
    asker.destroy();
    await commit;
    await store.close();
  });

  /** Stands in for a process that shares the store: `answer` gets every connection, and how many there were before. */
  async function pretendToShare(id: string, answer: (socket: Socket, before: number) => void): Promise<Server> {
    await mkdir(join(dir, 'openers'), { recursive: true });
    await writeFile(entryOf(id), JSON.stringify({ id, pid: 1, host: 'elsewhere', since: 'now', exclusive: false }));
    let connections = 0;
    const server = createServer((socket) => answer(socket, connections++));
    server.listen(join(dir, 'openers', `${id}.sock`));
    await once(server, 'listening');
    return server;
  }

  const entryOf = (id: string) => join(dir, 'openers', `${id}.json`);

  test('who hangs up without a word is asked again, for it may live and commit on', async () => {
    let said: number | undefined;
    const server = await pretendToShare('busy', (socket, before) => {
      if (before < 3) socket.destroy();
      else socket.write('.', () => (said = before));
    });
    const store = await openEmbeddedStore({ dir });
    expect(said).toBe(3);
    await store.close();
    server.close();
  });

  test('who leaves while it is asked does not stand in the way, even of one that wants to be alone', async () => {
    const server = await pretendToShare('leaving', (socket) => {
      rmSync(entryOf('leaving'), { force: true });
      server.close();
      socket.destroy();
    });
    const store = await openEmbeddedStore({ dir });
    await store.close();
  });

  test('what openers left that died on their way in is removed in time', async () => {
    await (await openEmbeddedStore({ dir })).close();
    const [fresh, old] = ['fresh', 'old'].map((id) => join(dir, 'openers', `${id}.sock`)) as [string, string];
    await Promise.all([writeFile(fresh, ''), writeFile(old, ''), symlink('nobody', join(dir, 'openers', 'gate.dead'))]);
    await utimes(old, 0, 0);
    const store = await openEmbeddedStore({ dir });
    const left = await readdir(join(dir, 'openers'));
    expect(left).toContain('fresh.sock');
    expect(left).not.toContain('old.sock');
    expect(left).not.toContain('gate.dead');
    await store.close();
  });

  test('the length of the directory’s path does not matter', async () => {
    const deep = join(dir, ...Array.from({ length: 8 }, (_, i) => `${i}-with.a.dot-and-a-long-name`));
    await mkdir(deep, { recursive: true });
    const store = await openEmbeddedStore({ dir: deep, exclusive: true });
    await expect(openEmbeddedStore({ dir: deep, exclusive: true })).rejects.toMatchObject({ code: 'in_use' });
    await store.close();
    await (await openEmbeddedStore({ dir: deep, exclusive: true })).close();
  });
});

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm } from 'node:fs/promises';
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
    expect((await readdir(dir)).sort()).toEqual(['data.mdb', 'lock.mdb']);
  });

  test('of many that open at the same moment, one gets it', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => openElsewhere(true)));
    expect(answers.filter(({ answer }) => answer.opened)).toHaveLength(1);
    expect(answers.filter(({ answer }) => answer.code === 'in_use')).toHaveLength(4);
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

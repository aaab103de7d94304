import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { checkKept, crashRepeatedly, startWriter } from '../../support/kv/crash.ts';
import { readGroups } from '../../support/kv/crash-groups.ts';
import { temporaryFolder } from '../../support/kv/temporary-store.ts';
import { newSeed, Random } from '../../support/random.ts';

test('a store that is killed 50 times keeps what it has acknowledged, and nothing by halves', async () => {
  const dir = await temporaryFolder();
  try {
    const acknowledged = await crashRepeatedly(dir, 50, new Random(newSeed()));
    expect(acknowledged).toBeGreaterThan(500);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('when one of two processes on a directory is killed, the other goes on, and nothing that either has acknowledged is lost', async () => {
  const random = new Random(newSeed());
  const dir = await temporaryFolder();
  try {
    const survivor = startWriter(dir, 'survivor', false);
    await survivor.started;
    const acknowledged = new Map<string, string>();
    for (let round = 0; round < 20; round++) {
      const victim = startWriter(dir, `victim ${round}`.replace(' ', '-'), false);
      await victim.started;
      await sleep(random.int(200));
      victim.child.kill('SIGKILL');
      await victim.gone;
      const before = survivor.acknowledged.size;
      for (const [id, versionstamp] of victim.acknowledged) {
        acknowledged.set(id, versionstamp);
      }
      await expect.poll(() => survivor.acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(before);
    }
    survivor.child.kill('SIGKILL');
    await survivor.gone;
    const store = await openEmbeddedStore({ dir, exclusive: true });
    const groups = await readGroups(store);
    await store.close();
    checkKept(acknowledged, groups);
    checkKept(survivor.acknowledged, groups);
    expect(new Set(groups.values()).size).toBe(groups.size);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

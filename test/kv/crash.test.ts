import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { checkKept, crashRepeatedly } from '../support/kv/crash.ts';
import { temporaryFolder } from '../support/kv/temporary-store.ts';
import { newSeed, Random } from '../support/random.ts';

test('a store that is killed 5 times keeps what it has acknowledged, and nothing by halves', async () => {
  const dir = await temporaryFolder();
  try {
    const acknowledged = await crashRepeatedly(dir, 5, new Random(newSeed()));
    expect(acknowledged).toBeGreaterThan(50);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('the check itself notices a commit that was lost', () => {
  expect(() => checkKept(new Map([['0.0.1', 'aa']]), new Map())).toThrow(/acknowledged/);
});

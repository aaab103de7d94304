import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmbeddedStore } from '../../src/kv/embedded/store.ts';
import { createServices } from '../../src/server/services.ts';
import { type LosingStore, losingStore, randomFate } from '../support/kv/losing-store.ts';
import { newSeed, Random } from '../support/random.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';
import { replay } from './replay.ts';
import { readSuites } from './suite.ts';

const HERE = join(import.meta.dirname, 'suites');

let server: TestServer;
let store: LosingStore;
beforeAll(async () => {
  const fateOf = randomFate(new Random(newSeed()));
  server = await startTestServer({
    createServices: (options) => {
      store = losingStore(options.store as EmbeddedStore, fateOf);
      return createServices({ ...options, store });
    },
  });
});
afterAll(() => server.stop());

describe('where commits get lost, made or not, every answer is the recorded one:', () => {
  const suites = ['reference/control', 'reference/data'].flatMap((folder) => readSuites(join(HERE, folder)));
  test.each(suites)('$name', async (suite) => {
    expect(await replay(suite, server)).toEqual([]);
  });

  test('and many got lost', () => {
    expect(Math.min(store.fates.made, store.fates['not made'], store.fates.late)).toBeGreaterThan(100);
  });
});

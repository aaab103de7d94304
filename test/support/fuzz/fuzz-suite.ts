import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../src/config/settings.ts';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { fastTemporaryFolder } from '../memory-disk.ts';
import { newSeed, Random } from '../random.ts';
import { ENDPOINTS } from './endpoints.ts';
import { fuzzEndpoint } from './fuzz-endpoint.ts';
import { type FuzzedServer, plantWorld, startFuzzedServer } from './fuzzed-server.ts';
import { storedProblems } from './stored-pairs.ts';

export interface FuzzSuiteOptions {
  /** Requests to each endpoint. */
  readonly runs: number;
  /** Requests to each method, where that is not as many. */
  readonly method_runs?: number;
  readonly admin_rules: Settings['admin_rules'];
}

/** Tests that send every endpoint of a new server requests of all kinds, and look at the server and its store afterwards. */
export function fuzzSuite({ runs, method_runs = runs, admin_rules }: FuzzSuiteOptions): void {
  const seed = newSeed();
  const random = new Random(seed);
  // The methods know nothing of these rules.
  const endpoints = ENDPOINTS.filter(({ kind }) => kind === 'admin' || admin_rules === 'document');

  describe(`${runs} requests to each endpoint, admin_rules = ${admin_rules}`, () => {
    let dir: string;
    let server: FuzzedServer;
    let succeeded = 0;
    beforeAll(async () => {
      dir = await mkdtemp(join(fastTemporaryFolder(), 'nereus-fuzz-'));
      server = await startFuzzedServer({ dir, settings: { admin_rules } });
    });
    afterAll(async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    });

    test.each(endpoints)('$path', async (endpoint) => {
      const { violations, answers } = await fuzzEndpoint(server, endpoint, {
        runs: endpoint.kind === 'rpc' ? method_runs : runs,
        random,
      });
      expect(violations, `TEST_SEED=${seed}`).toEqual([]);
      if (answers['200'] !== undefined || answers.OK !== undefined) succeeded++;
    });

    test('most endpoints did what they are for now and then', () => {
      expect(succeeded).toBeGreaterThan(endpoints.length / 2);
    });

    test('after all of it, the service answers, what is stored can be read, and the store opens again', async () => {
      await plantWorld(server, random, 'last');
      expect(await storedProblems(server.store)).toEqual([]);
      server.takeLog();
      await server.stop();
      expect(server.takeLog().map((line) => JSON.parse(line).msg)).toEqual(['draining', 'stopped']);

      const store = await openEmbeddedStore({ dir });
      expect(await storedProblems(store)).toEqual([]);
      await store.close();
    });
  });
}

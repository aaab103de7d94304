import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import { methods } from '../../src/rpc/methods.ts';
import { ENDPOINTS } from '../support/fuzz/endpoints.ts';
import { fuzzEndpoint } from '../support/fuzz/fuzz-endpoint.ts';
import { KNOWN_OPERATIONS } from '../support/fuzz/fuzz-request.ts';
import { type FuzzedServer, plantWorld, startFuzzedServer } from '../support/fuzz/fuzzed-server.ts';
import { fuzzSeed, Random } from '../support/fuzz/random.ts';
import { storedProblems } from '../support/fuzz/stored-pairs.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 200);

const seed = fuzzSeed();
const random = new Random(seed);
let dir: string;
let server: FuzzedServer;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nereus-fuzz-'));
  server = await startFuzzedServer({ dir });
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

test('every operation and every method is fuzzed', () => {
  const known = [...KNOWN_OPERATIONS.map((name) => `http/${name}`), ...Object.keys(methods)];
  expect(ENDPOINTS.map(({ path }) => path).sort()).toEqual(known.sort());
});

test.each(ENDPOINTS)('$path', async (endpoint) => {
  const { violations, answers } = await fuzzEndpoint(server, endpoint, { runs: RUNS, random });
  expect(violations, `FUZZ_SEED=${seed}`).toEqual([]);
  if (process.env.FUZZ_SHOW !== undefined) process.stdout.write(`${endpoint.path} ${JSON.stringify(answers)}\n`);
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

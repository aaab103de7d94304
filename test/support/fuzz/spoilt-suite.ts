import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { methods } from '../../../src/rpc/methods.ts';
import { replay } from '../../conformance/replay.ts';
import { readSuites } from '../../conformance/suite.ts';
import { fastTemporaryFolder } from '../memory-disk.ts';
import { Random } from '../random.ts';
import { ENDPOINTS } from './endpoints.ts';
import { type FuzzedServer, plantWorld, startFuzzedServer } from './fuzzed-server.ts';
import { Spoiler, STRANGER } from './spoiler.ts';

const SUITES = join(import.meta.dirname, '../../conformance/suites/reference');
const FOLDERS = ['control', 'data'].map((name) => join(SUITES, name)).filter((folder) => existsSync(folder));

/**
 * Tests that replay the recorded suites and, ahead of a request that succeeds, send it with one field spoilt, each in
 * turn: so requests that are nearly right meet what the suite has built up by then. `right_requests`: of how many of a
 * method, different in their fields, that is done. Methods that no suite calls are sent what the fuzzer knows of them.
 */
export function spoiltSuite({ right_requests }: { readonly right_requests: number }): void {
  const spoiler = new Spoiler(right_requests);
  const dirs: string[] = [];

  async function withServer(work: (server: FuzzedServer) => Promise<void>): Promise<void> {
    // Every spoilt request that succeeds takes two commits.
    const dir = await mkdtemp(join(fastTemporaryFolder(), 'nereus-spoilt-'));
    dirs.push(dir);
    const server = await startFuzzedServer({ dir });
    try {
      await createStranger(server);
      await work(server);
    } finally {
      await server.stop();
    }
  }
  afterAll(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true });
  });

  describe(`each field of ${right_requests} right requests of each method`, () => {
    test.each(FOLDERS.flatMap(readSuites))('in $name', (suite) =>
      withServer(async (server) => {
        const mismatches = await replay(suite, server, { before: (step) => spoiler.beforeStep(server, step) });
        expect(spoiler.takeViolations()).toEqual([]);
        // What the spoilt requests did was taken back.
        expect(mismatches).toEqual([]);
      }),
    );

    test('of methods that no suite calls', () =>
      withServer(async (server) => {
        const world = await plantWorld(server, new Random(1), 'spoilt');
        for (const endpoint of ENDPOINTS) {
          if (endpoint.kind !== 'rpc' || spoiler.hasSpoilt(endpoint)) continue;
          for (const body of endpoint.bodies(world)) await spoiler.spoil(server, endpoint, body);
        }
        expect(spoiler.takeViolations()).toEqual([]);
      }));

    test('every method was among them', () => {
      const spoilt = ENDPOINTS.filter((endpoint) => spoiler.hasSpoilt(endpoint)).map(({ path }) => path);
      expect(spoilt.sort()).toEqual(Object.keys(methods).sort());
    });
  });
}

async function createStranger({ client, token }: FuzzedServer): Promise<void> {
  const target = `/MetaService/http/create_instance?token=${token}`;
  const body = Buffer.from(
    JSON.stringify({ instance_id: STRANGER, name: 'name', user_id: 'user', vault: { hdfs_info: HDFS } }),
  );
  const answer = await client.send({ method: 'PUT', target, contentType: 'application/json', body });
  expect(answer.body.toString()).toContain('OK');
}

const HDFS = { build_conf: { fs_name: 'hdfs://10.0.0.1:4007', user: 'hadoop' } };

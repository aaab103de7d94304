import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeOnEngines, serveOn } from '../support/kv/engines.ts';
import type { TestServer } from '../support/run-server.ts';
import { replay } from './replay.ts';
import { readSuites } from './suite.ts';

const HERE = join(import.meta.dirname, 'suites');
const FOLDERS = ['document', 'reference/control', 'reference/data'];

describeOnEngines('suites', (engine) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await serveOn(engine);
  });
  afterAll(() => server.stop());

  describe.each(FOLDERS)('%s', (folder) => {
    test.each(readSuites(join(HERE, folder)))('$name', async (suite) => {
      expect(suite.steps.length).toBeGreaterThan(0);
      expect(await replay(suite, server)).toEqual([]);
    });
  });
});

/** Where the suites are kept that this project's are copies of: a folder beside that of the repository. */
const ORIGINALS = join(import.meta.dirname, '../../../shared/conformance/suites');

test.skipIf(!existsSync(ORIGINALS))('the copies are those of the originals', () => {
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(HERE, folder))) {
      const [copy, original] = [HERE, ORIGINALS].map((root) => readFileSync(join(root, folder, name), 'utf8'));
      expect(copy, `${folder}/${name}`).toBe(original);
    }
  }
});

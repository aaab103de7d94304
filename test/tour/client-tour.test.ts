import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer } from '../support/run-server.ts';
import { blocksOf } from './tour.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/client.md'), 'utf8');
const ADDRESS = 'http://127.0.0.1:5000';

const run = promisify(execFile);
const blocks = blocksOf(PAGE, 'A tour');
const code = textsOf('ts').join('\n\n');

/** Somebody's program, with the package as it was built last. */
let folder: string;
beforeAll(() => {
  if (!existsSync(join(ROOT, 'dist/src/client/client.d.ts'))) throw new Error('run npm run build first');
  folder = mkdtempSync(join(tmpdir(), 'nereus-client-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/nereus'), 'dir');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function textsOf(language: string): string[] {
  return blocks.filter((block) => block.language === language).map(({ text }) => text);
}

test('the tour in docs/client.md prints what stands there', async () => {
  expect(textsOf('ts').length + textsOf('text').length).toBe(blocks.length);
  expect(code.split(ADDRESS).length).toBe(2);
  const server = await startTestServer();
  try {
    // Its types are left to the compiler to see, so that it is JavaScript as well.
    writeFileSync(join(folder, 'tour.js'), code.replace(ADDRESS, server.base));
    const { stdout, stderr } = await run(process.execPath, ['tour.js'], { cwd: folder, env: {} });
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe(textsOf('text').join('\n'));
  } finally {
    await server.stop();
  }
});

const WRONG = `
import { createClient } from 'nereus/client';
const client = createClient({ endpoints: 'meta:5000' });
// @ts-expect-error: no such field
client.begin_txn({ label: 'l' });
// @ts-expect-error: an int64 is a bigint
client.get_txn({ txnId: 1 });
// @ts-expect-error: no such method
client.begin_transaction({});
// @ts-expect-error: the admin API is no RPC
client.http({});
// @ts-expect-error: no text
const { txnId }: { txnId: string } = await client.begin_txn({});
`;

test('its types are those of the schema, and say what is wrong', async () => {
  writeFileSync(join(folder, 'tour.ts'), code);
  writeFileSync(join(folder, 'wrong.ts'), WRONG);
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, module: 'nodenext', target: 'es2022' },
    ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['tour.ts', 'wrong.ts'] }));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [compiler, '--project', folder], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

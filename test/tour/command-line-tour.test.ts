import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandTable } from '../../src/cli/commands.ts';
import { commandLine } from '../support/command-line.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';
import { blocksOf } from './tour.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8');
const blocks = blocksOf(PAGE, 'A tour');
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** The words of a line of the tour, in which some are quoted. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
}

/** What a line prints, on both outputs. What follows `| jq -c` is done here, for the one filter that there is. */
async function printed(line: string): Promise<string> {
  const [command = '', filter] = line.split(' | jq -c ');
  const [program, ...args] = wordsOf(command);
  expect(program).toBe('nereus');
  const environment = { NEREUS_ENDPOINT: server.base, NEREUS_AK: 'AK', NEREUS_SK: 'SK' };
  const { out, err } = await commandLine(args, { environment });
  if (filter === undefined) return err + out;
  const { bucket, ak, sk } = JSON.parse(out).vaults[1].obj_info;
  return `${JSON.stringify({ bucket, ak, sk })}\n`;
}

/** What is another one each time: ports, times and unique ids. */
function comparable(text: string): string {
  return text
    .replaceAll(server.base.replace('http://', ''), '127.0.0.1:5000')
    .replace(/"([cm]time)": "\d{10}"/g, '"$1": "1700000000"')
    .replace(/[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/g, 'UUID')
    .replace(/[ \t]+$/gm, '')
    .trimEnd();
}

test('the tour in docs/command-line.md prints what stands there', async () => {
  for (let at = 0; at < blocks.length; at += 2) {
    const [commands, answer] = [blocks[at], blocks[at + 1]];
    expect([commands?.language, answer?.language]).toEqual(['sh', 'text']);
    const texts: string[] = [];
    for (const line of commands?.text.split('\n') ?? []) texts.push(await printed(line));
    expect(comparable(texts.join('')), `docs/command-line.md:${commands?.line}`).toBe(comparable(answer?.text ?? ''));
  }
});

test('the tour shows every command that calls a service', () => {
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.split('\n'));
  const missing = commandTable.nouns.flatMap(({ name, commands }) =>
    commands
      .filter(({ calls_service }) => calls_service)
      .map((command) => `nereus ${name} ${command.name}`)
      .filter((words) => !lines.some((line) => line.startsWith(words))),
  );
  expect(missing).toEqual([]);
});

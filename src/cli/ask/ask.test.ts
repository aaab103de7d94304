import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { confirm } from './confirm.ts';
import { givenSecret, secretOf } from './secret.ts';

const dir = mkdtempSync(join(tmpdir(), 'nereus-ask-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

/** Somebody who types this when asked, and what they see. */
function person(typed: string | undefined) {
  const input = new PassThrough();
  const output = new PassThrough();
  if (typed === undefined) input.end();
  else input.write(typed);
  return { input, output, seen: () => String(output.read() ?? '') };
}

describe('a question', () => {
  test.each(['y\n', 'yes\n', ' YES \n'])('is answered with yes by %j', async (typed) => {
    const who = person(typed);
    await confirm('Drop it?', who);
    expect(who.seen()).toBe('Drop it? [y/N] ');
  });

  test.each(['n\n', '\n', 'yesterday\n', undefined])('is not by %j, and nothing is done', async (typed) => {
    await expect(confirm('Drop it?', person(typed))).rejects.toMatchObject({ code: 7 });
  });

  test('without anybody to ask is refused, with what to do', async () => {
    await expect(confirm('Drop it?', undefined)).rejects.toMatchObject({
      code: 2,
      message: expect.stringContaining('--yes'),
    });
  });
});

describe('a secret', () => {
  const nobody = { file: undefined, environment: {}, person: undefined };

  test('is asked for and shows nowhere', async () => {
    const who = person('not to be seen\r');
    expect(await secretOf('sk', 'the secret key', { ...nobody, person: who })).toBe('not to be seen');
    expect(who.seen()).toBe('The secret key: \n');
  });

  test.each(['\u0003', '\u0004'])('is given up with %j', async (typed) => {
    const sources = { ...nobody, person: person(typed) };
    await expect(secretOf('sk', 'the secret key', sources)).rejects.toMatchObject({ code: 7 });
  });

  test('comes from a file without its line end, or from the environment', async () => {
    const path = file('sk', 'from a file\r\n');
    expect(givenSecret('sk', { file: path, environment: { NEREUS_SK: 'other' } })).toBe('from a file');
    expect(givenSecret('sk', { file: undefined, environment: { NEREUS_SK: ' blanks stay ' } })).toBe(' blanks stay ');
    expect(givenSecret('sk', { file: undefined, environment: { NEREUS_SK_FILE: path } })).toBe('from a file');
    expect(givenSecret('sk', { file: undefined, environment: { NEREUS_SK: '' } })).toBeUndefined();
  });

  test("that can't be had is a fault that says how to give it", async () => {
    await expect(secretOf('sk', 'the secret key', nobody)).rejects.toMatchObject({
      code: 2,
      message: expect.stringMatching(/--sk-file FILE or NEREUS_SK/),
    });
    const both = { NEREUS_SK: 'a', NEREUS_SK_FILE: 'b' };
    expect(() => givenSecret('sk', { file: undefined, environment: both })).toThrow('give one');
    expect(() => givenSecret('sk', { file: join(dir, 'none'), environment: {} })).toThrow("can't be read: ENOENT");
    expect(() => givenSecret('sk', { file: dir, environment: {} })).toThrow("can't be read: EISDIR");
    expect(() => givenSecret('sk', { file: file('empty', '\n'), environment: {} })).toThrow('is empty');
    expect(() => givenSecret('sk', { file: '/dev/zero', environment: {} })).toThrow('longer than');
  });
});

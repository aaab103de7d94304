import { describe, expect, test } from 'vitest';
import { projectFiles, read } from './files.ts';

const LONGEST_LINES = 300;

/** Files of src/ that may be longer, each with its reason. */
const MAY_BE_LONGER: ReadonlyMap<string, string> = new Map();

/** Recorded data and generated code are as they are; the rules below need their own words. */
const GIVEN = [
  'test/conformance/suites/',
  'test/conformance/takeover/',
  'src/schema/gen/',
  'test/repository/',
  'package-lock.json',
];

const files = projectFiles();
const written = files.filter((path) => !GIVEN.some((prefix) => path.startsWith(prefix)));

test('files of src/ have one screenful of concepts', () => {
  const code = written.filter((path) => path.startsWith('src/') && path.endsWith('.ts'));
  expect(code.length).toBeGreaterThan(100);
  const long = code.filter((path) => !MAY_BE_LONGER.has(path) && linesOf(path) > LONGEST_LINES);
  expect(long).toEqual([]);
});

test('exceptions to the length of files are needed', () => {
  const idle = [...MAY_BE_LONGER.keys()].filter((path) => !files.includes(path) || linesOf(path) <= LONGEST_LINES);
  expect(idle).toEqual([]);
});

describe('no file has', () => {
  test.each([
    ['a note of something to do', /\b(?:TODO|FIXME|XXX|HACK)\b/],
    ['the path of somebody’s machine', /(?<![\w.$)-])\/(?:home|Users|root|work)\/[\w.-]+/],
    [
      'the number of an issue, which says nothing to a reader of the code',
      /\bissue #?\d+|(?<![&\w])#\d{1,5}\b(?![\w-])/i,
    ],
    ['a word of who or what wrote it', /\b(?:sub-?agents?|chatgpt|copilot|claude|llms?)\b/i],
    ['a marker of a conflict', /^(?:<{7}|>{7}) /m],
    ['a blank at the end of a line', /[ \t]+$/m],
    ['a tab or a carriage return', /[\t\r]/],
    ['a secret in a form that scanners look for', /\bAKIA[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ])('%s', (_, pattern) => {
    const found = written.flatMap((path) => {
      const match = pattern.exec(read(path));
      return match === null ? [] : [`${path}: ${JSON.stringify(match[0])}`];
    });
    expect(found).toEqual([]);
  });
});

test('every file ends with one line end', () => {
  expect(written.filter((path) => !/[^\n]\n$/.test(read(path)) && read(path) !== '')).toEqual([]);
});

function linesOf(path: string): number {
  return read(path).split('\n').length - 1;
}

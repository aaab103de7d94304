import { describe, expect, test } from 'vitest';
import { type PairInFile, readPairs } from './pairs-file.ts';

async function* pieces(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

async function pairsOf(text: string, length = text.length || 1): Promise<PairInFile[]> {
  const pairs: PairInFile[] = [];
  for await (const pair of readPairs(pieces(text, length))) pairs.push(pair);
  return pairs;
}

const pair = (key: string, value: string, line: number) => ({
  key: Buffer.from(key, 'hex'),
  value: Buffer.from(value, 'hex'),
  line,
});

describe('the pairs of a file', () => {
  test.each([
    ['a line each', '[\n["01ff","0a"],\n["02",""]\n]\n', [2, 3]],
    ['all in one line', '[["01FF","0a"],["02",""]]', [1, 1]],
    ['pretty', '\r\n[\r\n\t[\n "01fF" ,\n "0A"\n ]\n ,\n [ "02" , "" ]\n]  \n\n', [3, 8]],
  ])('%s', async (_, text, [first = 0, second = 0]) => {
    for (const length of [1, 2, 3, 7, text.length]) {
      expect(await pairsOf(text, length)).toEqual([pair('01ff', '0a', first), pair('02', '', second)]);
    }
  });

  test('may be none', async () => {
    for (const text of ['[]', ' [ \n ]\n']) expect(await pairsOf(text, 1)).toEqual([]);
  });

  test.each([
    ['', 'line 1: the file ends before its list does'],
    ['\n\n', 'line 3: the file ends before its list does'],
    ['{"a":1}', 'line 1: the list of pairs must begin here, with ['],
    ['[', 'line 1: the file ends before its list does'],
    ['[["01","02"]', 'line 1: the file ends before its list does'],
    ['[\n["01","02"],\n', 'line 3: the file ends before its list does'],
    ['[\n["01","02"],\n["03","0', 'line 3: there must be a pair here, as in ["KEY", "VALUE"]'],
    ['[\n["01","02"],\n]', 'line 3: there must be a pair here, as in ["KEY", "VALUE"]'],
    ['[\n["01","02"],\n\n["03"]\n]', 'line 4: there must be a pair here, as in ["KEY", "VALUE"]'],
    ['[\n["01","02","03"]]', 'line 2: there must be a pair here, as in ["KEY", "VALUE"]'],
    ['[[1,2]]', 'line 1: there must be a pair here, as in ["KEY", "VALUE"]'],
    ['[["01","02"]\n["03","04"]]', 'line 2: a comma or the end of the list, ], is missing'],
    ['[["01","02"]]\n\n[', 'line 3: something stands behind the end of the list'],
    ['[]]', 'line 1: something stands behind the end of the list'],
    ['[\n["0","02"]]', 'line 2: the key has an odd number of hex digits'],
    ['[\n["01","02"],\n["03","0g"]]', 'line 3: the value is not hex'],
    ['[["01","0\n2"]]', 'line 1: the value is not hex'],
    ['[["01","0\\u0031"]]', 'line 1: there must be a pair here, as in ["KEY", "VALUE"]'],
  ])('%j is refused with its place', async (text, problem) => {
    for (const length of [1, 5, 1_000]) await expect(pairsOf(text, length)).rejects.toThrow(problem);
  });

  test('a text that never ends is given up', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<string> {
      for (yield '["'; ; taken++) yield 'ab'.repeat(50_000);
    }
    const reading = readPairs(endless());
    await expect(reading.next()).rejects.toThrow('line 1: there must be a pair here');
    expect(taken).toBeLessThan(20);
  });
});

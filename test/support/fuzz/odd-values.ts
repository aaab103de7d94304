import type { Random } from '../random.ts';

/** Texts that code which handles ids, names and paths is likely to trip over. */
const ODD_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\n\r\t',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'undefined',
  'NaN',
  '-1',
  '0x10',
  '../../etc/passwd',
  '%00%ff',
  "'; drop table x; --",
  '<script>alert(1)</script>',
  '{{token}}',
  '你好',
  '😀'.repeat(20),
  'e\u0301\u200d\u202e',
  '\ufeff',
  '::',
  '1::',
  '1:a:b:c',
  '2:a:b',
  '1:__proto__:x',
  '///',
  'hdfs://x:1/y',
];

/** Words that stand where a value should: some are JSON, some are not, some are JSON for one of the two readers only. */
const ODD_WORDS: readonly string[] = [
  ...['null', 'true', 'false', '0', '-0', '-1', '1', '1.0', '1.5', '1e2', '1e-2', '1e999', '-1e999'],
  ...['65535', '65536', '2147483647', '2147483648', '-2147483648', '-2147483649', '4294967296'],
  ...['9007199254740993', '9223372036854775807', '9223372036854775808', '-9223372036854775809'],
  ...['123456789012345678901234567890', `1${'0'.repeat(400)}`, '01', '+1', '.5', '1.', '0x1F', 'NaN', 'Infinity'],
  ...['[]', '{}', '[null]', '[[]]', '[{}]', '{"":""}', '{"key":"k"}', '', ',', '[', '}', 'undefined', 'nul', 'tru'],
  ...['"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u00"', '"\\x"', '"\\u0000"', "'single'", '"open'],
  ...['"AAAA"', '"not base64!"', '"NORMAL"', '"SUSPENDED"', '"STOPPED"', '"NO_SUCH_NAME"', '"1"', '"-1"', '99'],
];

/** The lengths at which something ends: of a key, of a value, of what is worth a regular expression's time. */
const LONG = [300, 1_024, 2_000, 4_000, 30_000, 99_990, 120_000];

/** A text that is long, in a way that is cheap for the reader and may be dear for what looks at it. */
export function longText(random: Random): string {
  const length = random.pick(LONG);
  const [first, filling, last] = random.pick([
    ['', 'a', ''],
    ['', ' ', 'x'],
    ['x', '/', 'x'],
    ['', ':', ''],
    ['', '\0', ''],
    ['', '你', ''],
    ['1:', ':', 'a'],
  ] as const);
  return first + filling.repeat(length) + last;
}

export function oddText(random: Random): string {
  return random.chance(0.03) ? longText(random) : random.pick(ODD_TEXTS);
}

/** Something in the place of a JSON value. */
export function oddWord(random: Random): string {
  return random.weighted([
    [60, () => random.pick(ODD_WORDS)],
    [30, () => JSON.stringify(oddText(random))],
    [4, () => nested(random)],
    [6, () => String(random.int(2 ** 32) - 2 ** 31)],
  ])();
}

function nested(random: Random): string {
  const depth = random.pick([20, 99, 100, 101, 102, 500, 20_000]);
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"cluster":', '}'],
    ['[{"nodes":', '}]'],
  ] as const);
  return open.repeat(depth) + random.pick(['', '1', 'null', '{}']) + (random.chance(0.8) ? close.repeat(depth) : '');
}

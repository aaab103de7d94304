import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InstanceInfoPBSchema } from '../gen/cloud/instance_pb.ts';
import { JsonError } from './json-error.ts';
import { readBrpcJson } from './read-brpc-json.ts';
import { readProtobufJson } from './read-protobuf-json.ts';

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"a"',
  "'b'",
  '\\',
  'null',
  'true',
  '1',
  '-1.5e3',
  '01',
  ' ',
  'x',
  '"\\u00e9"',
];

/** An object with an unknown field, so that only the grammar decides. */
const texts = fc.array(fc.constantFrom(...TOKENS), { maxLength: 14 }).map((tokens) => `{"u":${tokens.join('')}}`);

function accepts(read: (text: string) => unknown, text: string): boolean {
  try {
    read(text);
    return true;
  } catch (error) {
    expect(error instanceof JsonError || error instanceof SyntaxError).toBe(true);
    return false;
  }
}

test('the strict reader takes what JSON.parse takes, the lenient one that and more', () => {
  fc.assert(
    fc.property(texts, (text) => {
      // The one difference: a number that overflows is Infinity to JSON.parse.
      fc.pre(!text.includes('e30') && !text.includes('e31'));
      const isJson = accepts(JSON.parse, text);
      expect(accepts((input) => readBrpcJson(InstanceInfoPBSchema, input), text)).toBe(isJson);
      if (isJson) expect(accepts((input) => readProtobufJson(InstanceInfoPBSchema, input), text)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test('the lenient reader does not take what nothing means', () => {
  const extras = fc.constantFrom('/**/', '//', '#', 'NaN', 'undefined', '`', '+1', '.5', '--1', '1..', '\u00a0', ';');
  fc.assert(
    fc.property(extras, (extra) => {
      expect(accepts((input) => readProtobufJson(InstanceInfoPBSchema, input), `{"u":${extra}}`)).toBe(false);
    }),
  );
});

import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { FieldPlan, MessagePlan } from '../message-plan.ts';
import { createPiecesWriter, createShortTest } from './json-pieces.ts';
import { createJsonWriter } from './json-writer.ts';
import { SHORT_ESCAPES } from './short-escapes.ts';

const writer = createJsonWriter({
  quote,
  int64: String,
  double,
  fieldOrder: stringMapsLast,
  maps: 'object-always',
});
const pieces = createPiecesWriter(writer);
const isShort = createShortTest(writer);

/**
 * Writes the JSON answer of an RPC as brpc does, in pieces: compact, 64-bit integers as bare numbers, enums by name, bytes in
 * base64, unset fields and empty lists left out. Maps with string keys come last, as objects, and are there even when
 * empty; maps with other keys are lists of `{key, value}`.
 */
export function brpcJsonPieces<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): Generator<string, void, undefined> {
  return pieces(schema, message);
}

/** The same in one piece, of a message for which pieces are not worth their while; undefined for any other. */
export function shortBrpcJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string | undefined {
  return isShort(schema, message) ? writer.write(schema, message) : undefined;
}

/** The same in one piece, however long. */
export function writeBrpcJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return shortBrpcJson(schema, message) ?? [...pieces(schema, message)].join('');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that JSON wants escaped.
const TO_ESCAPE = /["\\\u0000-\u001f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const EACH_TO_ESCAPE = /["\\\u0000-\u001f]/g;

function quote(text: string): string {
  return TO_ESCAPE.test(text) ? `"${text.replace(EACH_TO_ESCAPE, escapeCharacter)}"` : `"${text}"`;
}

function escapeCharacter(character: string): string {
  const hex = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return SHORT_ESCAPES.get(character) ?? `\\u${hex}`;
}

/** The shortest text that reads back the same, with a fraction or an exponent. Numbers that are none go as strings. */
function double(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  if (text.includes('e')) return text.replace('e+', 'e');
  return text.includes('.') ? text : `${text}.0`;
}

function stringMapsLast({ fields }: MessagePlan): readonly FieldPlan[] {
  const isStringMap = (field: FieldPlan) => field.shape === 'map' && field.mapKey === 'string';
  return [...fields.filter((field) => !isStringMap(field)), ...fields.filter(isStringMap)];
}

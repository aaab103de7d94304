import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { formatDouble } from '../decimal.ts';
import { decodeFields } from '../encoded-fields.ts';
import { createJsonWriter } from './json-writer.ts';
import { SHORT_ESCAPES } from './short-escapes.ts';

const writer = createJsonWriter({
  quote,
  int64: (value) => `"${value}"`,
  double: (value) => (Number.isFinite(value) ? formatDouble(value) : `"${value}"`),
  // The C++ library prints from the binary form, which is in this order.
  fieldOrder: (plan) => plan.byNumber,
  maps: 'object',
});

/**
 * Writes a message as MessageToJsonString of protobuf's C++ library does with the schema's field names: compact, 64-bit
 * integers as strings, enums by name, bytes in base64, set fields only, in the order of their numbers. `<`, `>` and
 * characters that don't show are escaped.
 */
export function writeProtobufJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return writer.write(schema, decodeFields(schema, message));
}

/** Control and formatting characters, and what HTML would take for a tag. */
const ESCAPED = [
  '\\u0000-\\u001f"\\\\<>\\u007f-\\u009f',
  '\\u00ad\\u0600-\\u0603\\u06dd\\u070f\\u17b4\\u17b5\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2064\\u206a-\\u206f',
  '\\ufeff\\ufff9-\\ufffb\\u{1d173}-\\u{1d17a}\\u{e0001}\\u{e0020}-\\u{e007f}',
].join('');
const TO_ESCAPE = new RegExp(`[${ESCAPED}]`, 'u');
const EACH_TO_ESCAPE = new RegExp(`[${ESCAPED}]`, 'gu');
const PLAIN = /^[ !#-;=?-[\]-~]*$/;

function quote(text: string): string {
  return PLAIN.test(text) || !TO_ESCAPE.test(text) ? `"${text}"` : `"${text.replace(EACH_TO_ESCAPE, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES.get(character);
  if (short !== undefined) return short;
  let text = '';
  for (let i = 0; i < character.length; i++) text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return text;
}
